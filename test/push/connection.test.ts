import t from 'tap'
import { createLadder } from '../../src/market/ladder.ts'
import { utcCalendar } from '../../src/market/calendar.ts'
import type { MinuteBar } from '../../src/market/bar.ts'
import { PERIODS } from '../../src/market/period.ts'
import type { Entry } from '../../src/store/entry.ts'
import { Broadcaster } from '../../src/push/broadcaster.ts'
import { Connection } from '../../src/push/connection.ts'
import { Meter } from '../../src/push/meter.ts'
import { Registry } from '../../src/push/registry.ts'
import { createMemoryStore } from '../../src/store/memory.ts'
import { FakeClock } from '../fixture/clock.ts'
import { KeptLog } from '../fixture/logger.ts'
import { FakeSocket } from '../fixture/socket.ts'
import { surroundings } from '../fixture/surroundings.ts'

const MONDAY = Date.UTC(2026, 0, 5)

interface Start { bars?: number, keepEvents?: number, maxBufferedBytes?: number }

function minuteAt (place: number, given: Partial<MinuteBar> = {}): MinuteBar {
  return { symbol: 'a', time: MONDAY + place * 60_000, open: 1, high: 1, low: 1, close: 1, volume: 1, ...given }
}

function start ({ bars = 1000, keepEvents = 10_000, ...limits }: Start = {}) {
  const clock = new FakeClock()
  const socket = new FakeSocket()
  const registry = new Registry()
  const meter = new Meter()
  const logger = new KeptLog()
  const { watchers } = registry
  const store = createMemoryStore(createLadder(utcCalendar, PERIODS), { bars, keepEvents })
  const ended: Connection[] = []
  const connection = new Connection(socket, surroundings({ store, registry, clock, limits, meter, logger, onEnd: (one) => { ended.push(one) } }))
  const broadcaster = new Broadcaster({ registry, clock, epoch: store.epoch, meter, onListenerError () {} })
  async function take (entry: Entry): Promise<void> {
    for await (const { events } of store.apply([entry])) broadcaster.send(events)
  }
  async function apply (place: number, given: Partial<MinuteBar> = {}): Promise<void> {
    await take(minuteAt(place, given))
  }
  function receive (request: object): void {
    connection.receive(Buffer.from(JSON.stringify(request)), { binary: false })
  }
  return { socket, registry, watchers, store, clock, meter, logger, connection, ended, take, apply, receive }
}

t.test('a subscription while the reader is behind waits for its snapshot, which then is the newest, and bars follow on it', async (t) => {
  const { socket, registry, apply, receive } = start()
  await apply(0)
  socket.stuck = true
  receive({ op: 'ping' })
  receive({ op: 'subscribe', args: ['a.1m', 'a.5m'] })
  t.equal(registry.size, 0, 'no place among the live ones before the snapshot')
  await apply(1)
  t.strictSame(socket.read().map(({ type }) => type), ['pong'])
  receive({ op: 'list', id: 'held' })
  socket.stuck = false
  socket.drain()
  const [ack, list, ...snapshots] = socket.read()
  t.match(ack, { type: 'ack', op: 'subscribe', keys: [{ key: 'a.1m', seq: 1 }, { key: 'a.5m', seq: 0 }] })
  t.match(list, { op: 'list', id: 'held', keys: ['a.1m', 'a.5m'] })
  t.match(snapshots, [
    { type: 'snapshot', key: 'a.1m', seq: 2, bars: [{ time: MONDAY + 60_000 }] },
    { type: 'snapshot', key: 'a.5m', seq: 0, bars: [{ volume: 2 }] },
  ])
  await apply(2)
  t.match(socket.read(), [{ type: 'bar', key: 'a.1m', seq: 3 }, { type: 'bar', key: 'a.5m', bar: { volume: 3 } }])
})

t.test('large snapshots go out piece by piece as the reader takes them', async (t) => {
  const { socket, registry, apply, receive } = start()
  for (let place = 0; place < 700; place++) await apply(place)
  socket.stuck = true
  const args = ['a.1m', 'a.3m', 'a.5m', 'a.15m']
  receive({ op: 'subscribe', args, history: 700 })
  t.strictSame(socket.read().map(({ type, key }) => key ?? type), ['ack', 'a.1m'], 'the first is more than a piece')
  t.equal(registry.size, 1)
  socket.drain()
  socket.stuck = false
  socket.drain()
  t.strictSame(socket.read().map(({ key }) => key), args.slice(1))
  t.equal(registry.size, 4)
})

t.test('a key unsubscribed before its snapshot went out gets none', async (t) => {
  const { socket, registry, receive } = start()
  socket.stuck = true
  receive({ op: 'ping' })
  receive({ op: 'subscribe', args: ['a.1m'] })
  receive({ op: 'unsubscribe', args: ['a.1m'] })
  socket.stuck = false
  socket.drain()
  t.strictSame(socket.read().map(({ type }) => type), ['pong', 'ack', 'ack'])
  t.equal(registry.size, 0)
})

t.test('a reader that is behind gets the newest state of an unfinished bar and every closed one', async (t) => {
  const { socket, apply, receive } = start()
  receive({ op: 'subscribe', args: ['a.1m', 'a.3m'] })
  socket.stuck = true
  receive({ op: 'ping' })
  socket.read()
  for (let place = 0; place < 5; place++) await apply(place)
  t.strictSame(socket.read(), [])
  socket.stuck = false
  socket.drain()
  t.match(socket.read().map(({ key, seq, bar }) => ({ key, seq, volume: bar.volume })), [
    { key: 'a.1m', seq: 1 }, { key: 'a.1m', seq: 2 }, { key: 'a.1m', seq: 3 }, { key: 'a.3m', seq: 1, volume: 3 },
    { key: 'a.1m', seq: 4 }, { key: 'a.1m', seq: 5 }, { key: 'a.3m', volume: 2 },
  ])
})

t.test('a reader that is too far behind is closed with 4108 and out of the registry', async (t) => {
  const { socket, registry, ended, connection, apply, receive } = start({ maxBufferedBytes: 2000 })
  receive({ op: 'subscribe', args: ['a.1m'] })
  socket.stuck = true
  receive({ op: 'ping' })
  for (let place = 0; place < 50; place++) await apply(place)
  t.strictSame(socket.ends, [{ code: 4108, reason: 'slow consumer' }])
  t.strictSame(ended, [connection])
  t.equal(registry.size, 0)
})

t.test('it ends once, however many say so, and hears nothing more', async (t) => {
  const { socket, registry, ended, connection, receive } = start()
  receive({ op: 'subscribe', args: ['a.1m', 'b.1m'] })
  connection.end()
  connection.end()
  connection.terminate()
  t.equal(ended.length, 1)
  t.equal(registry.size, 0)
  socket.read()
  receive({ op: 'subscribe', args: ['a.1m'] })
  t.strictSame(socket.read(), [])
  t.equal(registry.size, 0)
})

t.test('a key with a position that can\'t be resumed is acknowledged as not recovered', async (t) => {
  const { socket, receive } = start()
  receive({ op: 'subscribe', args: ['a.1m', 'b.1m'], since: { 'a.1m': { epoch: 'other', seq: 3 } } })
  const [ack] = socket.read()
  t.equal(ack.keys[0].recovered, false)
  t.notOk('recovered' in ack.keys[1])
})

t.test('whoever comes back is told every event since, then the unfinished bar, and is live', async (t) => {
  const { socket, store, apply, receive } = start()
  for (let place = 0; place < 11; place++) await apply(place, { volume: place })
  await apply(1, { volume: 50 })
  const { epoch } = store
  receive({ op: 'subscribe', args: ['a.3m', 'a.1m', 'b.1m', 'a.1h'], since: { 'a.3m': { epoch, seq: 1 }, 'a.1m': { epoch, seq: 12 }, 'b.1m': { epoch, seq: 0 }, 'a.1h': { epoch, seq: 0 } } })
  const [ack, ...frames] = socket.read()
  t.strictSame(ack.keys, [
    { key: 'a.3m', epoch, seq: 4, recovered: true, replayed: 3 },
    { key: 'a.1m', epoch, seq: 12, recovered: true, replayed: 0 },
    { key: 'b.1m', epoch, seq: 0, recovered: true, replayed: 0 },
    { key: 'a.1h', epoch, seq: 0, recovered: true, replayed: 0 },
  ])
  t.strictSame(frames.map(({ type, key, seq, bar: { time, volume, closed, revision } }) => [type, key, seq, (time - MONDAY) / 60_000, volume, closed, revision]), [
    ['bar', 'a.3m', 2, 3, 12, true, 0],
    ['bar', 'a.3m', 3, 6, 21, true, 0],
    ['bar', 'a.3m', 4, 0, 52, true, 1],
    ['bar', 'a.3m', undefined, 9, 19, false, 0],
    ['bar', 'a.1h', undefined, 0, 104, false, 0],
  ])
  await apply(11, { volume: 11 })
  t.match(socket.read(), [{ key: 'a.1m', seq: 13 }, { key: 'a.3m', seq: 5, bar: { volume: 30 } }, { key: 'a.1h', bar: { volume: 115 } }])
})

t.test('closedOnly leaves the unfinished bar out of a catch-up too', async (t) => {
  const { socket, store: { epoch }, apply, receive } = start()
  for (let place = 0; place < 5; place++) await apply(place)
  receive({ op: 'subscribe', args: ['a.3m'], closedOnly: true, since: { 'a.3m': { epoch, seq: 0 } } })
  t.match(socket.read(), [{ type: 'ack' }, { type: 'bar', seq: 1 }])
  await apply(5)
  t.match(socket.read(), [{ type: 'bar', seq: 2 }])
})

t.test('a position that is too old, in the future or of another epoch gets a snapshot, and never a part', async (t) => {
  const { socket, store: { epoch }, apply, receive } = start({ keepEvents: 5 })
  for (let place = 0; place < 20; place++) await apply(place)
  for (const since of [{ epoch, seq: 14 }, { epoch, seq: 21 }, { epoch: 'other', seq: 18 }, { epoch, seq: Number.MAX_SAFE_INTEGER }]) {
    receive({ op: 'subscribe', args: ['a.1m'], history: 2, since: { 'a.1m': since } })
    const [ack, snapshot, ...rest] = socket.read()
    t.strictSame(ack.keys, [{ key: 'a.1m', epoch, seq: 20, recovered: false }], JSON.stringify(since))
    t.match(snapshot, { type: 'snapshot', epoch, seq: 20, bars: [{}, {}] })
    t.strictSame(rest, [])
  }
  receive({ op: 'subscribe', args: ['a.1m'], since: { 'a.1m': { epoch, seq: 15 } } })
  t.match(socket.read().map(({ type, seq }) => [type, seq]), [['ack', undefined], ['bar', 16], ['bar', 17], ['bar', 18], ['bar', 19], ['bar', 20]])
})

t.test('a position that can not be one is refused, and nothing changes', async (t) => {
  const { socket, registry, receive } = start()
  for (const seq of [-1, 1.5, '3', null, 1e300]) {
    receive({ op: 'subscribe', id: 7, args: ['a.1m'], since: { 'a.1m': { epoch: 'e', seq } } })
    receive({ op: 'ping' }) // so that they are not too many in a row
  }
  t.strictSame(socket.read().filter(({ type }) => type !== 'pong').map(({ type, id, code }) => [type, id, code]), Array(5).fill(['error', 7, 'BAD_FRAME']))
  t.equal(registry.size, 0)
})

t.test('a long catch-up goes out in pieces as the reader takes them, what happens meanwhile follows on it', async (t) => {
  const { socket, registry, store: { epoch }, apply, receive } = start()
  for (let place = 0; place < 1000; place++) await apply(place)
  socket.stuck = true
  receive({ op: 'subscribe', args: ['a.1m'], since: { 'a.1m': { epoch, seq: 0 } } })
  const seqs: number[] = []
  let pieces = 0
  for (; seqs.length < 1010 && pieces < 100; pieces++) {
    const frames = socket.read().filter(({ type }) => type === 'bar')
    t.ok(JSON.stringify(frames).length < 100_000)
    for (const { seq } of frames) seqs.push(seq)
    if (pieces < 10) await apply(1000 + pieces)
    socket.drain()
  }
  t.ok(pieces > 3)
  t.strictSame(seqs, Array.from({ length: 1010 }, (_, i) => i + 1))
  t.equal(registry.size, 1)
})

t.test('a catch-up that takes long lets others have their turn', async (t) => {
  const { socket, registry, store: { epoch }, apply, receive } = start({ bars: 10_000 })
  for (let place = 0; place < 4000; place++) await apply(place)
  receive({ op: 'subscribe', args: ['a.1m'], since: { 'a.1m': { epoch, seq: 0 } } })
  t.equal(registry.size, 0, 'not all in one turn')
  const frames = socket.read()
  receive({ op: 'subscribe', id: 'more', args: ['b.1m'] })
  t.match(socket.read(), [{ type: 'ack', id: 'more' }], 'nor more of it because more is asked')
  for (let turns = 0; turns < 100 && registry.size < 2; turns++) await new Promise((resolve) => { setImmediate(resolve) })
  frames.push(...socket.read())
  t.strictSame(frames.filter(({ type }) => type === 'bar').map(({ seq }) => seq), Array.from({ length: 4000 }, (_, i) => i + 1))
})

t.test('when events go before the reader took them, it is told to begin anew', async (t) => {
  const { socket, store: { epoch }, apply, receive } = start({ keepEvents: 300 })
  for (let place = 0; place < 300; place++) await apply(place)
  socket.stuck = true
  receive({ op: 'ping' })
  receive({ op: 'subscribe', args: ['a.1m'], since: { 'a.1m': { epoch, seq: 0 } } })
  await apply(300)
  socket.stuck = false
  socket.drain()
  const [, ack, ...frames] = socket.read()
  t.match(ack, { keys: [{ recovered: true, replayed: 300 }] })
  t.match(frames, [{ type: 'reset', key: 'a.1m', epoch, seq: 301 }, { type: 'snapshot', seq: 301, bars: [{ time: MONDAY + 300 * 60_000 }] }])
  await apply(301)
  t.match(socket.read(), [{ type: 'bar', seq: 302 }])
})

t.test('who asked for watermarks gets them after the bars of the minute, others do not', async (t) => {
  const { socket, watchers, connection, take, apply, receive } = start()
  receive({ op: 'subscribe', args: ['a.3m', 'a.5m'], watermarks: true })
  receive({ op: 'subscribe', args: ['b.3m'] })
  await apply(0)
  await apply(0, { symbol: 'b' })
  socket.read()
  const time = MONDAY + 3 * 60_000
  await take({ kind: 'watermark', time, symbols: ['a', 'b'] })
  t.match(socket.read(), [{ type: 'bar', key: 'a.3m', seq: 1 }, { type: 'watermark', time, symbol: 'a' }, { type: 'bar', key: 'b.3m' }])
  await take({ kind: 'watermark', time: time + 120_000 })
  t.strictSame(socket.read().map(({ type, key, time }) => [type, key ?? time]), [['bar', 'a.5m'], ['watermark', time + 120_000]])
  receive({ op: 'subscribe', args: ['a.3m'] })
  receive({ op: 'unsubscribe', args: ['a.5m'] })
  t.equal(watchers.size, 0, 'subscribing again without them ends them')
  receive({ op: 'subscribe', args: ['a.3m'], watermarks: true })
  connection.end()
  t.equal(watchers.size, 0)
})

t.test('an import resets the keys that are held, once it pauses or before their next bar', async (t) => {
  const { socket, store: { epoch }, clock, take, apply, receive } = start()
  await apply(100)
  receive({ op: 'subscribe', args: ['a.1m', 'b.1m'], closedOnly: true })
  receive({ op: 'subscribe', args: ['a.1d'] })
  socket.read()
  for (let piece = 0; piece < 3; piece++) {
    await take({ kind: 'import', symbol: 'a', minutes: [minuteAt(piece)] })
    clock.advance(900)
  }
  t.strictSame(socket.read(), [])
  clock.advance(100)
  t.strictSame(socket.read(), [{ type: 'reset', key: 'a.1m', epoch, seq: 4 }, { type: 'reset', key: 'a.1d', epoch, seq: 3 }])
  await take({ kind: 'import', symbol: 'a', minutes: [minuteAt(5)] })
  await apply(101)
  t.match(socket.read(), [{ type: 'reset', key: 'a.1m', seq: 5 }, { type: 'bar', key: 'a.1m', seq: 6 }, { type: 'reset', key: 'a.1d', seq: 4 }, { type: 'bar', key: 'a.1d' }])
  await take({ kind: 'import', symbol: 'a', minutes: [minuteAt(6)] })
  receive({ op: 'unsubscribe', args: ['a.1m', 'a.1d', 'b.1m'] })
  socket.read()
  clock.advance(2000)
  t.strictSame(socket.read(), [], 'whoever left needs no reset')
  t.equal(clock.timers, 0)
  await take({ kind: 'import', symbol: 'a', minutes: [minuteAt(7)] })
  t.equal(clock.timers, 0, 'and an import that nobody listens to is nothing to wait for')
})

t.test('a heartbeat tells how many keys are held and the sum of their newest seq', async (t) => {
  const { socket, store: { epoch }, clock, connection, take, apply, receive } = start()
  for (let place = 0; place < 4; place++) await apply(place)
  receive({ op: 'subscribe', args: ['a.1m', 'a.3m', 'b.1m'] })
  socket.read()
  connection.beat(clock.now())
  t.match(socket.read(), [{ type: 'heartbeat', ts: clock.now(), keys: 3, seqTotal: 5 }])
  await apply(4)
  await apply(0, { close: 7, high: 7 })
  await take({ kind: 'import', symbol: 'a', minutes: [minuteAt(-5)] })
  await apply(5)
  const told = new Map<string, number>()
  for (const { key, seq } of socket.read()) if (seq !== undefined) told.set(key, seq)
  connection.beat(clock.now())
  const seqTotal = [...told.values()].reduce((sum, seq) => sum + seq)
  t.match(socket.read(), [{ keys: 3, seqTotal }], 'what a client adds up from its frames')
  await take({ kind: 'import', symbol: 'a', minutes: [minuteAt(-7)] })
  connection.beat(clock.now())
  t.strictSame(socket.read(), [{ type: 'heartbeat', ts: clock.now() }], 'none while an import is still to be told of')
  clock.advance(1000)
  const resets = socket.read()
  t.strictSame(resets.map(({ type }) => type), ['reset', 'reset'])
  connection.beat(clock.now())
  t.match(socket.read(), [{ keys: 3, seqTotal: resets.reduce((sum, { seq }) => sum + seq, 0) }])
  socket.stuck = true
  receive({ op: 'ping' })
  receive({ op: 'subscribe', args: ['a.5m'], since: { 'a.5m': { epoch, seq: 0 } } })
  connection.beat(clock.now())
  socket.stuck = false
  socket.drain()
  t.strictSame(socket.read().filter(({ type }) => type === 'heartbeat'), [{ type: 'heartbeat', ts: clock.now() }], 'none while keys are catching up')
})

t.test('a request with more keys than a connection may hold is refused before any of them is looked at', async (t) => {
  const { socket, receive } = start()
  const args = Array.from({ length: 101 }, () => 'a.1m')
  for (const op of ['subscribe', 'unsubscribe']) {
    receive({ op, id: op, args })
    t.match(socket.read(), [{ type: 'error', id: op, code: 'TOO_MANY_KEYS', message: 'Expected at most 100 keys, got 101 with these; nothing changed' }])
  }
})
