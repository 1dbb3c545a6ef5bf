import t from 'tap'
import { createLadder } from '../../src/market/ladder.ts'
import { utcCalendar } from '../../src/market/calendar.ts'
import type { MinuteBar } from '../../src/market/bar.ts'
import { PERIODS } from '../../src/market/period.ts'
import { Broadcaster } from '../../src/push/broadcaster.ts'
import { Connection } from '../../src/push/connection.ts'
import { Registry } from '../../src/push/registry.ts'
import { Watchers } from '../../src/push/watchers.ts'
import { createMemoryStore } from '../../src/store/memory.ts'
import { FakeClock } from '../fixture/clock.ts'
import { FakeSocket } from '../fixture/socket.ts'

const MONDAY = Date.UTC(2026, 0, 5)

function start (limits: object = {}) {
  const clock = new FakeClock()
  const socket = new FakeSocket()
  const registry = new Registry()
  const watchers = new Watchers()
  const store = createMemoryStore(createLadder(utcCalendar, PERIODS), { bars: 1000 })
  const ended: Connection[] = []
  const connection = new Connection(socket, {
    store,
    registry,
    watchers,
    clock,
    limits: { maxKeysPerConnection: 100, maxHistory: 1000, maxBufferedBytes: 100_000, maxFrameBytes: 10_000, maxBadFrames: 3, ...limits },
    onEnd: (one) => { ended.push(one) },
  })
  const broadcaster = new Broadcaster({ registry, watchers, clock, epoch: store.epoch, onListenerError () {} })
  async function apply (place: number, given: Partial<MinuteBar> = {}): Promise<void> {
    const minute = { symbol: 'a', time: MONDAY + place * 60_000, open: 1, high: 1, low: 1, close: 1, volume: 1, ...given }
    for await (const { events } of store.apply([minute])) broadcaster.send(events)
  }
  function receive (request: object): void {
    connection.receive(Buffer.from(JSON.stringify(request)), { binary: false })
  }
  return { socket, registry, connection, ended, apply, receive }
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
