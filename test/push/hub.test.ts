import t, { type Test } from 'tap'
import { KlineError } from '../../src/errors.ts'
import { createLocalLog } from '../../src/log/local.ts'
import type { MinuteBar } from '../../src/market/bar.ts'
import { utcCalendar } from '../../src/market/calendar.ts'
import { createLadder } from '../../src/market/ladder.ts'
import { PERIODS } from '../../src/market/period.ts'
import { Hub } from '../../src/push/hub.ts'
import { Intake } from '../../src/push/intake.ts'
import type { Logger } from '../../src/push/logger.ts'
import { DEFAULTS } from '../../src/options.ts'
import { Meter, type Timings } from '../../src/push/meter.ts'
import { createMemoryStore } from '../../src/store/memory.ts'
import type { Entry } from '../../src/store/entry.ts'
import type { Store } from '../../src/store/store.ts'
import type { BarFrame } from '../../src/wire/frames.ts'
import { build } from '../fixture/build.ts'
import { connect } from '../fixture/client.ts'
import { FakeClock } from '../fixture/clock.ts'
import { FakeSocket } from '../fixture/socket.ts'

const MONDAY = Date.UTC(2026, 0, 5)

function minute (place: number, given: Partial<MinuteBar> = {}): MinuteBar {
  return { symbol: 'a', time: MONDAY + place * 60_000, open: 10, high: 12, low: 9, close: 11, volume: 5, ...given }
}

/** A hub over a memory store that counts its commits, can be held up, and fails as often as it is told. */
function start (t: Test, { bars = 1000, closeGraceMs = 'off', now, timings }: { bars?: number, closeGraceMs?: number | 'off', now?: number, timings?: Timings } = {}) {
  const memory = createMemoryStore(createLadder(utcCalendar, PERIODS), { bars })
  const disk = { commits: [] as number[], failures: 0, gate: Promise.resolve(), closed: 0 }
  const held: Pick<Store, 'apply' | 'close'> = {
    async * apply (entries: readonly Entry[], onDurable?: () => void) {
      disk.commits.push(entries.length)
      await disk.gate
      if (disk.failures > 0) {
        disk.failures--
        throw new Error('disk full')
      }
      yield * memory.apply(entries, onDurable)
    },
    async close () { disk.closed++ },
  }
  const store = new Proxy(memory, {
    get (target, name: keyof Store) {
      if (name === 'apply' || name === 'close') return held[name]
      const value = target[name]
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  const logged: { evidence: Record<string, unknown>, message: string }[] = []
  const logger: Logger = { debug () {}, info () {}, error (evidence, message) { logged.push({ evidence: { ...evidence }, message }) } }
  const clock = new FakeClock(now)
  const meter = new Meter(timings)
  const hub = new Hub({
    store,
    openDoor: (onEvents) => new Intake({ log: createLocalLog(), store, clock, logger, meter, maxSymbols: 1000, onEvents }),
    clock,
    logger,
    meter,
    limits: { ...DEFAULTS, maxKeysPerConnection: 100, maxHistory: 100, maxBufferedBytes: 100_000, maxFrameBytes: 10_000, maxBadFrames: 3, maxBarsPerQuery: 100 },
    heartbeatMs: 1e9,
    pingEveryMs: 1e9,
    pongTimeoutMs: 1e10,
    closeGraceMs,
    retryWindowMs: 2000,
    guard: DEFAULTS,
  })
  t.teardown(() => hub.close())
  function subscribe (args: string[]): FakeSocket {
    const socket = new FakeSocket()
    hub.connect(socket).receive(Buffer.from(JSON.stringify({ op: 'subscribe', args })), { binary: false })
    socket.read()
    return socket
  }
  return { hub, disk, logged, clock, meter, subscribe }
}

async function turn (): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise(setImmediate)
}

t.test('ingest answers with how the bars fared', async (t) => {
  const { hub } = start(t)
  t.strictSame(await hub.ingest(minute(0)), { accepted: 1, duplicates: 0, revised: 0 })
  t.strictSame(await hub.ingest([minute(0), minute(1), minute(0, { close: 10 })]), { accepted: 1, duplicates: 1, revised: 1 })
})

t.test('bars are pushed and readable by the time that ingest answers', async (t) => {
  const { hub, subscribe } = start(t)
  const socket = subscribe(['a.1m', 'a.5m'])
  await hub.ingest(minute(0))
  t.strictSame(socket.read().map(({ key }) => key), ['a.1m', 'a.5m'])
  t.equal(hub.klines({ symbol: 'a', period: '5m' }).bars.length, 1)
})

t.test('bars that could not be stored are refused and pushed to nobody, and the next ones are taken', async (t) => {
  const { hub, disk, logged, subscribe } = start(t)
  const socket = subscribe(['a.1m'])
  disk.failures = 1
  await t.rejects(hub.ingest(minute(0)), { code: 'KLP_ERR_NOT_STORED', statusCode: 503, cause: { message: 'disk full' } })
  t.strictSame(socket.read(), [])
  t.strictSame(hub.symbols(), [])
  t.match(logged, [{ evidence: { err: { message: 'disk full' } }, message: 'bars could not be stored' }])
  t.match(await hub.ingest(minute(0)), { accepted: 1 })
  t.match(socket.read(), [{ key: 'a.1m', seq: 1 }])
})

t.test('producers that come while a commit is under way share the next one, and each gets its own counts', async (t) => {
  const { hub, disk } = start(t)
  let release = (): void => {}
  disk.gate = new Promise((resolve) => { release = resolve })
  const first = hub.ingest(minute(0))
  await new Promise(setImmediate)
  const others = [hub.ingest([minute(1), minute(2)]), hub.ingest(minute(0)), hub.ingest(minute(1, { close: 10 }))]
  await new Promise(setImmediate)
  release()
  t.match(await first, { accepted: 1 })
  t.strictSame(await Promise.all(others), [
    { accepted: 2, duplicates: 0, revised: 0 },
    { accepted: 0, duplicates: 1, revised: 0 },
    { accepted: 0, duplicates: 0, revised: 1 },
  ])
  t.strictSame(disk.commits, [1, 4])
})

t.test('a failing commit refuses all who shared it', async (t) => {
  const { hub, disk } = start(t)
  disk.failures = 1
  const results = await Promise.allSettled([hub.ingest(minute(0)), hub.ingest(minute(1))])
  t.strictSame(disk.commits, [2])
  t.strictSame(results.map(({ status }) => status), ['rejected', 'rejected'])
  t.strictSame(await hub.ingest([minute(0), minute(1)]), { accepted: 2, duplicates: 0, revised: 0 })
})

t.test('a minute older than what memory can correct is refused with its whole batch, others who share the commit are not', async (t) => {
  const { hub } = start(t, { bars: 10 })
  await hub.ingest(Array.from({ length: 2000 }, (_, place) => minute(place)))
  const late = hub.ingest([minute(2000), minute(3, { close: 10 })])
  const good = hub.ingest(minute(2001))
  await t.rejects(late, { code: 'KLP_ERR_TOO_OLD', message: /bar 1: .*`a`.*1767571380000/ })
  t.match(await good, { accepted: 1 })
  t.equal(hub.klines({ symbol: 'a', period: '1m', limit: 2 }).bars[0].time, MONDAY + 1999 * 60_000, 'minute 2000 was not taken')
})

t.test('listeners in process get what subscribers get, until they stop', async (t) => {
  const { hub, clock } = start(t)
  const heard: BarFrame[] = []
  const stop = hub.subscribe('a.5m', (message) => { heard.push(message) })
  await hub.ingest(minute(0))
  t.strictSame(heard, [{ type: 'bar', key: 'a.5m', ts: clock.now(), bar: { time: MONDAY, open: 10, high: 12, low: 9, close: 11, volume: 5, closed: false, revision: 0 } }])
  stop()
  await hub.ingest(minute(1))
  t.equal(heard.length, 1)
  t.equal(hub.health().keys, 0)
})

t.test('a listener that throws is logged and hurts neither the producer nor the others', async (t) => {
  const { hub, logged, subscribe } = start(t)
  const heard: string[] = []
  hub.subscribe('a.1m', () => { throw new Error('mine') })
  hub.subscribe('a.1m', ({ key }) => { heard.push(key) })
  const socket = subscribe(['a.1m'])
  t.match(await hub.ingest(minute(0)), { accepted: 1 })
  t.strictSame(heard, ['a.1m'])
  t.equal(socket.read().length, 1)
  t.match(logged, [{ evidence: { key: 'a.1m', err: { message: 'mine' } }, message: 'a listener threw' }])
})

t.test('what an async listener throws is logged as well', async (t) => {
  const { hub, logged } = start(t)
  hub.subscribe('a.1m', async () => { throw new Error('later') })
  await hub.ingest(minute(0))
  await turn()
  t.match(logged, [{ evidence: { key: 'a.1m', err: { message: 'later' } }, message: 'a listener threw' }])
})

t.test('a listener to what is not a key is refused', async (t) => {
  const { hub } = start(t)
  t.throws(() => hub.subscribe('nonsense', () => {}), { code: 'KLP_ERR_KEY', message: /`nonsense`/ })
  t.throws(() => hub.subscribe('a.7m', () => {}), { code: 'KLP_ERR_KEY', message: /`a.7m`.*`7m`/ })
  t.equal(hub.health().keys, 0)
})

t.test('a watermark closes bars, is answered with how many, and is refused in the future', async (t) => {
  const { hub, disk, subscribe } = start(t)
  const socket = subscribe(['a.5m'])
  await hub.ingest(minute(0))
  socket.read()
  t.strictSame(await hub.watermark({ time: MONDAY + 300_000, symbols: ['a'] }), { closed: 2 })
  t.match(socket.read(), [{ type: 'bar', key: 'a.5m', seq: 1, bar: { closed: true } }])
  t.strictSame(await hub.watermark({ time: MONDAY }), { closed: 0 })
  const commits = disk.commits.length
  await t.rejects(hub.watermark({ time: MONDAY + 60_000 * 60_000 }), { code: 'KLP_ERR_WATERMARK', statusCode: 400 })
  t.equal(disk.commits.length, commits)
  disk.failures = 1
  await t.rejects(hub.watermark({ time: MONDAY + 900_000 }), { code: 'KLP_ERR_NOT_STORED' })
  t.match(hub.klines({ symbol: 'a', period: '15m' }).bars, [{ closed: false }])
})

t.test('the clock closes what nobody sent a minute for, the grace after its end, and once after a downtime', async (t) => {
  const { hub, clock, subscribe } = start(t, { closeGraceMs: 5000, now: MONDAY + 4 * 60_000 + 5000 })
  const socket = subscribe(['a.1m', 'a.5m', 'a.15m'])
  await hub.ingest(minute(3))
  socket.read()
  clock.advance(60_000 - 1)
  await turn()
  t.strictSame(socket.read(), [])
  clock.advance(1)
  await turn()
  t.match(socket.read(), [{ key: 'a.5m', seq: 1, bar: { closed: true, revision: 0 } }])
  clock.jump(3_600_000)
  await turn()
  t.match(socket.read(), [{ key: 'a.15m', seq: 1, bar: { closed: true } }])
})

t.test('a mark of the clock that could not be stored is made up for by the next', async (t) => {
  const { hub, disk, clock, logged, subscribe } = start(t, { closeGraceMs: 0, now: MONDAY + 4 * 60_000 })
  const socket = subscribe(['a.5m'])
  await hub.ingest(minute(3))
  socket.read()
  disk.failures = 1
  clock.advance(60_000)
  await turn()
  t.strictSame(socket.read(), [])
  t.equal(logged.length, 1)
  clock.advance(60_000)
  await turn()
  t.match(socket.read(), [{ key: 'a.5m', seq: 1 }])
})

t.test('an import is answered with its counts, pushes no bar, and tells listeners to read again', async (t) => {
  const { hub, clock, subscribe } = start(t, { bars: 10_000 })
  const socket = subscribe(['a.1m', 'b.1h'])
  let resets = 0
  const heard: BarFrame[] = []
  const stop = hub.subscribe('a.1m', (message) => { heard.push(message) }, { onReset: () => { resets++ } })
  hub.subscribe('b.1h', () => {})
  const minutes = Array.from({ length: 2500 }, (_, place) => [minute(place), minute(place, { symbol: 'b' })]).flat()
  t.strictSame(await hub.import(minutes), { accepted: 5000, duplicates: 0, revised: 0 })
  t.strictSame(await hub.import([minute(0), minute(1, { close: 10 })]), { accepted: 0, duplicates: 1, revised: 1 })
  t.strictSame(socket.read(), [])
  clock.advance(1000)
  t.match(socket.read(), [{ type: 'reset', key: 'a.1m', seq: 4 }, { type: 'reset', key: 'b.1h', seq: 3 }])
  t.equal(resets, 1)
  t.strictSame(heard, [])
  t.equal(hub.klines({ symbol: 'a', period: '1d' }).bars.length, 2)
  stop()
  await t.rejects(hub.import([minute(0), minute(1, { low: 100 })]), { code: 'KLP_ERR_BAR', message: /^bar 1: .*`low`/ })
})

t.test('an import that is too old is refused as a whole', async (t) => {
  const { hub } = start(t, { bars: 10 })
  await hub.ingest(Array.from({ length: 2000 }, (_, place) => minute(place)))
  await t.rejects(hub.import([minute(2000), minute(3)]), { code: 'KLP_ERR_TOO_OLD', message: /^Expected `time` to be within the bars of `a` that are kept, got `1767571380000`/ })
  t.equal(hub.klines({ symbol: 'a', period: '1m', limit: 1 }).bars[0].time, MONDAY + 1999 * 60_000)
})

t.test('a hub that closes tells of what was imported before it says goodbye', async (t) => {
  const { hub, subscribe } = start(t)
  const socket = subscribe(['a.1m'])
  const gone = subscribe(['b.1m'])
  await hub.import([minute(0), minute(0, { symbol: 'b' })])
  gone.ends.push('vanished')
  await hub.close()
  t.match(socket.read(), [{ type: 'reset', key: 'a.1m' }, { type: 'notice' }])
})

t.test('closing finishes what was taken, refuses what comes after, says goodbye and stops the clock', async (t) => {
  const { hub, disk, clock, subscribe } = start(t)
  const socket = subscribe(['a.1m'])
  const taken = hub.ingest(minute(0))
  const closed = hub.close()
  await t.rejects(hub.ingest(minute(1)), { code: 'KLP_ERR_CLOSED', statusCode: 503 })
  t.match(await taken, { accepted: 1 })
  await closed
  t.match(socket.read(), [{ type: 'bar' }, { type: 'notice', code: 'GOING_AWAY' }])
  t.strictSame(socket.ends, [{ code: 1001, reason: 'going away' }])
  t.equal(clock.timers, 0)
  t.equal(disk.closed, 1)
  t.match(hub.health(), { status: 'closing', connections: 0, keys: 0 })
})

t.test('who connects while the hub closes is sent away', async (t) => {
  const { hub } = start(t)
  await hub.drain()
  const socket = new FakeSocket()
  hub.connect(socket)
  t.match(socket.read(), [{ type: 'notice', code: 'GOING_AWAY' }])
  t.strictSame(socket.ends, [{ code: 1001, reason: 'going away' }])
  t.equal(hub.health().connections, 0)
})

t.test('bad bars are refused with their index before anything is taken', async (t) => {
  const { hub, disk } = start(t)
  await t.rejects(hub.ingest([minute(0), minute(1, { volume: -1 })]), new KlineError('KLP_ERR_BAR', 'bar 1: Expected `volume` to be a finite number from 0 up, got `-1` (number)'))
  t.strictSame(disk.commits, [])
})

t.test('a reader that stops reading is closed with 4108 and delays nobody', async (t) => {
  const app = await build(t, { maxBufferedBytes: 100_000, memoryBars: 100_000 })
  const stuck = await connect(t, app)
  const healthy = await connect(t, app)
  for (const client of [stuck, healthy]) {
    client.send({ op: 'subscribe', args: ['a.1m'] })
    await client.take(2)
  }
  stuck.webSocket.pause()
  let seq = 0
  for (let batch = 0; batch < 40 && app.klineHub.health().connections === 2; batch++) {
    await app.klineHub.ingest(Array.from({ length: 5000 }, (_, i) => minute(batch * 5000 + i)))
    for (const message of await healthy.take(5000)) if (message.seq !== ++seq) t.fail(`Expected ${seq}, got ${message.seq}`)
  }
  t.equal(app.klineHub.health().connections, 1, 'only the healthy one is left')
  t.equal(app.klineHub.health().keys, 1)
  stuck.webSocket.resume()
  t.match(await stuck.closed, { code: 4108, reason: 'slow consumer' })
  const began = await healthy.ask({ op: 'ping' })
  t.equal(began.type, 'pong')
})
