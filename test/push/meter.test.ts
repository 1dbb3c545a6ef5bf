import t, { type Test } from 'tap'
import { createLocalLog } from '../../src/log/local.ts'
import { utcCalendar } from '../../src/market/calendar.ts'
import { createLadder } from '../../src/market/ladder.ts'
import { MINUTE } from '../../src/market/period.ts'
import { DEFAULTS } from '../../src/options.ts'
import { Hub } from '../../src/push/hub.ts'
import { Intake } from '../../src/push/intake.ts'
import { Meter, type Timings } from '../../src/push/meter.ts'
import { createMemoryStore } from '../../src/store/memory.ts'
import type { Store } from '../../src/store/store.ts'
import { FakeClock } from '../fixture/clock.ts'
import { KeptLog } from '../fixture/logger.ts'
import { minute } from '../fixture/minutes.ts'
import { FakeSocket } from '../fixture/socket.ts'

class Kept {
  readonly seconds: number[] = []

  observe (seconds: number): void {
    this.seconds.push(seconds)
  }
}

/** A hub with a meter whose durations are kept, on a disk that takes so many milliseconds for a commit and again for the roll-up. */
function start (t: Test, { commitMs = 0, rollUpMs = 0 } = {}) {
  const clock = new FakeClock()
  const logger = new KeptLog()
  const timings = { minuteToAccepted: new Kept(), acceptedToWritten: new Kept(), commit: new Kept(), ingest: new Kept() } satisfies Timings
  const meter = new Meter(timings)
  const store = createMemoryStore(createLadder(utcCalendar, ['1m', '5m']), { bars: 100 })
  const disk: Pick<Store, 'apply' | 'reaches' | 'has' | 'size' | 'close'> = {
    async * apply (entries, onDurable) {
      clock.advance(commitMs)
      onDurable?.()
      clock.advance(rollUpMs)
      yield * store.apply(entries)
    },
    reaches: (symbol, time) => store.reaches(symbol, time),
    has: (symbol) => store.has(symbol),
    size: 0,
    async close () {},
  }
  const openDoor = (onEvents: ConstructorParameters<typeof Intake>[0]['onEvents']): Intake => new Intake({ log: createLocalLog(), store: disk as Store, clock, logger, meter, maxSymbols: 100, onEvents })
  const hub = new Hub({ ...DEFAULTS, store, openDoor, clock, logger, meter, limits: { ...DEFAULTS, maxBufferedBytes: 600, maxBadFrames: 2 }, closeGraceMs: 'off', guard: DEFAULTS })
  t.teardown(() => hub.close())
  function subscribe (...args: string[]) {
    const socket = new FakeSocket()
    const connection = hub.connect(socket)
    connection.receive(Buffer.from(JSON.stringify({ op: 'subscribe', args })), { binary: false })
    return { socket, connection }
  }
  return { hub, clock, meter, timings, subscribe }
}

/** Those that are not 0. */
function counted (tally: Meter['closed']): Record<string, number> {
  return Object.fromEntries([...tally.entries()].filter(([, count]) => count > 0))
}

t.test('minutes are counted by how they fared and by the way they came, and refusals by their code', async (t) => {
  const { hub, meter, timings } = start(t)
  await hub.ingest([minute(0), minute(MINUTE), minute(0), minute(0, { close: 10 })])
  await hub.import([minute(0), minute(2 * MINUTE)])
  await hub.watermark({ time: 0 })
  t.strictSame(meter.minutes, { bars: { accepted: 2, duplicates: 1, revised: 1 }, imports: { accepted: 1, duplicates: 0, revised: 1 } })
  t.equal(timings.ingest.seconds.length, 3)
  t.ok(timings.ingest.seconds.every((seconds) => seconds >= 0))
  await t.rejects(hub.ingest([]))
  await t.rejects(hub.ingest(minute(1)))
  await t.rejects(hub.import(minute(1)))
  await t.rejects(hub.watermark({ time: 1 }))
  await hub.drain()
  await t.rejects(hub.ingest(minute(0)))
  t.strictSame(counted(meter.refusedPosts), { KLP_ERR_BAR: 2, KLP_ERR_BATCH: 1, KLP_ERR_WATERMARK: 1, KLP_ERR_CLOSED: 1 })
  t.equal(timings.ingest.seconds.length, 3)
})

t.test('how late a minute is counts from its end until it is durable, and not for a replay or one that is still to end', async (t) => {
  const { hub, clock, timings } = start(t, { commitMs: 250, rollUpMs: 1000 })
  const now = Math.floor(clock.time / MINUTE) * MINUTE
  clock.time = now + 500
  await hub.ingest([minute(now - MINUTE), minute(now - MINUTE), minute(now - 2 * MINUTE, { symbol: 'other' }), minute(now - MINUTE, { symbol: 'third' })])
  t.strictSame(timings.minuteToAccepted.seconds, [0.75, 60.75], 'each minute once, however many bars of it were durable together, and a duplicate is none')
  clock.time = now + 500
  await hub.ingest([minute(now), minute(now - 12 * MINUTE)])
  await hub.ingest(minute(now - MINUTE, { close: 10 }))
  await hub.import(minute(now - MINUTE, { symbol: 'imported' }))
  t.equal(timings.minuteToAccepted.seconds.length, 2)
})

t.test('what takes place between durable and handed to the sockets counts where somebody listens', async (t) => {
  const { hub, clock, timings, subscribe } = start(t, { commitMs: 250, rollUpMs: 40 })
  await hub.ingest(minute(0))
  t.strictSame(timings.acceptedToWritten.seconds, [])
  subscribe('BTCUSDT.1m')
  await hub.ingest(minute(MINUTE))
  t.strictSame(timings.acceptedToWritten.seconds, [0.04])
  t.equal(timings.commit.seconds.length, 2)
  const { advance } = clock
  clock.advance = (ms) => { clock.time += ms === 40 ? -5000 : ms }
  await hub.ingest(minute(2 * MINUTE))
  clock.advance = advance
  t.strictSame(timings.acceptedToWritten.seconds, [0.04, 0], 'a clock that is set back makes nothing less than nothing')
})

t.test('an event counts once, its frames for each who gets one, and their bytes', async (t) => {
  const { hub, meter, subscribe } = start(t)
  const sockets = [subscribe('BTCUSDT.1m', 'BTCUSDT.5m'), subscribe('BTCUSDT.5m'), subscribe('x.1m')].map(({ socket }) => socket)
  let written = 0
  for (const socket of sockets) {
    const { write } = socket
    socket.write = (bytes) => {
      written += bytes.length
      write.call(socket, bytes)
    }
  }
  const { frames, bytes } = meter
  t.equal(frames, 3 + 4, 'an ack for each, a snapshot for each key')
  t.equal(meter.opened, 3)
  await hub.ingest(minute(0))
  t.equal(meter.events, 2)
  t.equal(meter.frames - frames, 3)
  t.equal(meter.bytes - bytes, written)
  hub.connect(new FakeSocket()).receive(Buffer.from('{"op":"ping"}'), { binary: false })
  t.equal(meter.frames - frames, 4)
})

t.test('what waits for a reader that is behind, and what is left out for it, is counted', async (t) => {
  const { hub, meter, subscribe } = start(t)
  const { socket } = subscribe('BTCUSDT.5m')
  t.equal(hub.waitingBytes, 0)
  socket.stuck = true
  await hub.ingest(minute(0))
  const one = hub.waitingBytes
  t.ok(one > 100)
  await hub.ingest(minute(MINUTE))
  const two = hub.waitingBytes
  t.equal(meter.conflated, 0)
  await hub.ingest(minute(2 * MINUTE))
  t.equal(meter.conflated, 1)
  t.equal(hub.waitingBytes, two)
  t.ok(two > one)
  socket.drain()
  t.ok(hub.waitingBytes < two)
})

t.test('a connection that is over counts once, by the code of whoever closed it first', async (t) => {
  const { hub, meter, subscribe } = start(t)
  const malformed = subscribe().connection
  for (let i = 0; i < 3; i++) malformed.receive(Buffer.from('{'), { binary: false })
  malformed.end(1006)
  subscribe().connection.end(1000)
  subscribe().connection.end(4321)
  subscribe().connection.end()
  const { socket } = subscribe('BTCUSDT.1m')
  socket.stuck = true
  for (let i = 0; i < 6; i++) await hub.ingest(minute(i * MINUTE))
  subscribe()
  await hub.drain()
  t.strictSame(counted(meter.closed), { 1000: 1, 1001: 1, 1006: 1, 4009: 1, 4108: 1, other: 1 })
  t.equal(meter.opened, 6)
  t.strictSame(counted(meter.refusedFrames), { BAD_FRAME: 2 })
})
