import { mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { utcCalendar } from '../../src/market/calendar.ts'
import { createLadder } from '../../src/market/ladder.ts'
import { MINUTE, type Period, PERIODS } from '../../src/market/period.ts'
import type { Entry } from '../../src/store/entry.ts'
import { Journal } from '../../src/store/journal.ts'
import { createLmdbStore } from '../../src/store/lmdb.ts'
import type { Store } from '../../src/store/store.ts'
import { minute, run } from '../fixture/minutes.ts'
import { applyAll, drip, fill, KEEP_FOR_SPEC, shown, storeSpec } from '../fixture/store-spec.ts'

const ladder = createLadder(utcCalendar, PERIODS)
const symbol = 'BTCUSDT'

function onArchiveError (err: unknown): void {
  throw err
}

storeSpec(t, 'lmdb', async (t) => await createLmdbStore(ladder, { dataDir: t.testdir(), keepEvents: KEEP_FOR_SPEC, onArchiveError }))
storeSpec(t, 'lmdb that archives all the time', async (t) => await createLmdbStore(ladder, { dataDir: t.testdir(), archiveEvery: 3, keepEvents: KEEP_FOR_SPEC, onArchiveError }))

for (const archiveEvery of [1, 3, 7, 65_536]) {
  t.test(`after a restart everything is as it was, archiving every ${archiveEvery} entries`, async (t) => {
    const options = { dataDir: t.testdir(), archiveEvery, onArchiveError }
    const symbols = ['A', 'AB', symbol]
    const from = Date.parse('2024-02-29T23:30Z')
    const wide = run(50, { from, symbol: 'A' }).map((bar, i) => ({ ...bar, volume: 1234567890.1234567, openInterest: i }))
    const batches = [
      wide.slice(0, 10), run(20, { from }), wide.slice(20), run(5, { from: 0, symbol: 'AB' }), wide.slice(10, 20),
      [minute(from + 3 * MINUTE, { close: 5, trades: 3 })], run(3, { from: from + 40 * MINUTE }), [],
    ]
    for (const batch of batches) {
      const store = await createLmdbStore(ladder, options)
      await fill(store, batch.slice(0, 4))
      await drip(store, batch.slice(4))
      const before = shown(store, symbols)
      await store.close()
      const again = await createLmdbStore(ladder, options)
      t.same(shown(again, symbols), before)
      await again.close()
    }
  })
}

t.test('a restarted store ends where one that never stopped does', async (t) => {
  const minutes = run(80).map((_, i, all) => all[i * 23 % 80])
  const whole = await createLmdbStore(ladder, { dataDir: t.testdir({}), onArchiveError })
  await drip(whole, minutes)
  const { keys } = shown(whole, [symbol]) as { keys: { position: { seq: number }, bars: unknown }[] }
  const dataDir = join(t.testdirName, 'stopped')
  for (let i = 0; i < 80; i += 10) {
    const store = await createLmdbStore(ladder, { dataDir, archiveEvery: 4, onArchiveError })
    await drip(store, minutes.slice(i, i + 10))
    await store.close()
  }
  const stopped = await createLmdbStore(ladder, { dataDir, onArchiveError })
  const other = shown(stopped, [symbol]) as { keys: { position: { seq: number }, bars: unknown }[] }
  t.same(other.keys.map(({ position: { seq }, bars }) => ({ seq, bars })), keys.map(({ position: { seq }, bars }) => ({ seq, bars })))
  await stopped.close()
  await whole.close()
})

t.test('a store that stops at every tenth entry shows what one does that never stops: bars, events, marks and all', async (t) => {
  const symbols = ['A', 'B', 'C']
  const day = 1440
  const entries: Entry[] = [{ kind: 'clock', time: 0 }]
  for (let n = 0; n < 60; n++) {
    entries.push(minute(n * MINUTE, { symbol: 'A', volume: n }), minute((n * 7 % 60) * MINUTE, { symbol: 'B', close: 10 + n % 2 }))
    if (n % 4 === 0) entries.push({ kind: 'watermark', time: n * MINUTE, symbols: ['B', 'C'] })
    if (n % 5 === 0) entries.push({ kind: 'clock', time: (n + 3) * MINUTE })
    if (n % 9 === 0) entries.push({ kind: 'import', symbol: 'C', minutes: run(20, { from: (day - n * 3) * MINUTE, symbol: 'C' }) })
    if (n % 11 === 0) entries.push({ kind: 'watermark', time: (n + 30) * MINUTE })
    if (n === 30) entries.push(minute(2 * MINUTE, { symbol: 'A', high: 99 }))
  }
  const show = (store: Store) => {
    const { keys } = shown(store, symbols) as { keys: { symbol: string, period: Period, position: { seq: number }, bars: unknown }[] }
    return keys.map(({ symbol, period, position: { seq }, bars }) => {
      const events = Array.from({ length: seq + 1 }, (_, after) => store.events({ symbol, period, seq: after, limit: 1000 })?.map((bucket) => ({ ...bucket })))
      return { symbol, period, seq, bars, open: { ...store.open(symbol, period) }, events }
    })
  }
  const whole = await createLmdbStore(ladder, { dataDir: t.testdir({}), keepEvents: 30, onArchiveError })
  const text = (event: Awaited<ReturnType<typeof applyAll>>['events'][number]): string => JSON.stringify('bucket' in event ? { ...event, bucket: event.bucket.toBar() } : event)
  const told: string[] = []
  for (const entry of entries) told.push(...(await applyAll(whole, [entry])).events.map(text))
  const expected = show(whole)
  for (const archiveEvery of [1, 2, 5, 17, 65_536]) {
    const dataDir = join(t.testdirName, `stopped-${archiveEvery}`)
    const options = { dataDir, archiveEvery, keepEvents: 30, onArchiveError }
    const heard: string[] = []
    for (let i = 0; i < entries.length; i += 10) {
      const store = await createLmdbStore(ladder, options)
      for (const entry of entries.slice(i, i + 10)) heard.push(...(await applyAll(store, [entry])).events.map(text))
      if (i % 20 === 0) await new Promise((resolve) => { setImmediate(resolve) })
      await store.close()
    }
    const stopped = await createLmdbStore(ladder, options)
    t.strictSame(show(stopped), expected, `archiving every ${archiveEvery} entries`)
    t.strictSame(stopped.symbols(), whole.symbols())
    t.strictSame(heard, told, 'and subscribers heard the same')
    await stopped.close()
  }
  await whole.close()
})

t.test('what is past its time is neither shown nor corrected, and goes from the disk little by little', async (t) => {
  const dataDir = t.testdir()
  const days = 1440 * MINUTE
  const short = createLadder(utcCalendar, ['1m', '1h', '1d'], { '1m': 2, '1h': 5 })
  const options = { dataDir, archiveEvery: 1440, keepEvents: 50, onArchiveError }
  const sizes: number[] = []
  let store = await createLmdbStore(short, options)
  for (let day = 0; day < 60; day++) {
    await fill(store, run(1440, { from: day * days }))
    await new Promise((resolve) => { setTimeout(resolve, 5) })
    if (day % 20 === 19) {
      await store.close()
      sizes.push(statSync(join(dataDir, 'bars.mdb')).size)
      store = await createLmdbStore(short, options)
    }
  }
  const last = 60 * days - MINUTE
  const oldest = (period: Period): number | undefined => store.buckets({ symbol, period, start: 0, limit: 1 })[0]?.time
  t.equal(oldest('1m'), last + MINUTE - 2 * days)
  t.equal(oldest('1h'), last + MINUTE - 5 * days)
  t.equal(oldest('1d'), 0)
  t.equal(store.symbols()[0].firstTime, last + MINUTE - 2 * days)
  t.notOk(store.reaches(symbol, 50 * days))
  t.ok(store.reaches(symbol, 59 * days))
  t.equal(store.events({ symbol, period: '1m', seq: store.position(symbol, '1m').seq - 51, limit: 1 }), undefined)
  t.ok(sizes[2] < sizes[0] * 1.6, `the file has a steady size, where it would treble: ${sizes.join(' ')}`)
  await store.close()
})

t.test('where the clock is in the log, a minute with a time far ahead takes nothing away', async (t) => {
  const days = 1440 * MINUTE
  const options = { dataDir: t.testdir(), archiveEvery: 10, onArchiveError }
  const retaining = createLadder(utcCalendar, ['1m', '1h'], { '1m': 2, '1h': 2 })
  const store = await createLmdbStore(retaining, options)
  const from = 100 * days
  await applyAll(store, [...run(100, { from }), { kind: 'clock', time: from + 100 * MINUTE }, minute(from * 1000)])
  const bars = () => store.buckets({ symbol, period: '1m', limit: 1000 }).length
  t.equal(bars(), 101)
  t.ok(store.reaches(symbol, from + 100 * MINUTE))
  for (let n = 100; n < 150; n++) await applyAll(store, [minute(from + n * MINUTE), { kind: 'clock', time: from + n * MINUTE }])
  t.equal(bars(), 151)
  await store.close()
  const again = await createLmdbStore(retaining, options)
  t.equal(again.buckets({ symbol, period: '1m', limit: 1000 }).length, 151)
  t.equal(again.buckets({ symbol, period: '1h', start: 0, limit: 1 })[0].time, from)
  await again.close()
})

t.test('the bars of a contract that is not traded any more go too, and it is there again with its next minute', async (t) => {
  const days = 1440 * MINUTE
  const dataDir = t.testdir()
  const options = { dataDir, archiveEvery: 100, onArchiveError }
  const retaining = createLadder(utcCalendar, ['1m', '1h'], { '1m': 2, '1h': 2 })
  const store = await createLmdbStore(retaining, options)
  await drip(store, run(300))
  await applyAll(store, [{ kind: 'watermark', time: 10 * days }])
  t.strictSame(store.symbols(), [])
  t.strictSame(store.buckets({ symbol, period: '1m', limit: 1 }), [])
  t.strictSame(store.buckets({ symbol, period: '1m', limit: 10 }), [])
  t.notOk(store.reaches(symbol, 0))
  for (let day = 10; day < 20; day++) await applyAll(store, [...run(100, { from: day * days, symbol: 'other' }), { kind: 'watermark', time: (day + 1) * days }])
  await store.close()

  const endless = await createLmdbStore(createLadder(utcCalendar, ['1m', '1h']), options)
  t.strictSame(endless.buckets({ symbol, period: '1m', limit: 1000 }), [], 'the disk has none of them')
  await fill(endless, [minute(30 * days)])
  t.match(endless.symbols(), [{ symbol, lastTime: 30 * days }, { symbol: 'other' }])
  await endless.close()
})

t.test('a commit that failed is the last one: it is told once, if anybody listens, and nothing is written after it', async (t) => {
  const dataDir = t.testdir()
  const told: Error[] = []
  for (const options of [{ onBroken (err: Error) { told.push(err) } }, {}]) {
    const store = await createLmdbStore(ladder, { dataDir, onArchiveError, ...options })
    await fill(store, run(2))
    // As lmdb has it: why a commit failed is in a promise of its own.
    const journal = t.intercept(Journal.prototype, 'put', { value () { throw Object.assign(new Error('Commit failed'), { commitError: Promise.reject(new Error('Input/output error')) }) } })
    const refusal = { message: /can't be written/, cause: { message: 'Input/output error' } }
    await t.rejects(fill(store, run(3)), refusal)
    journal.restore()
    await t.rejects(fill(store, run(4)), refusal)
    t.equal(told.length, 1)
    t.equal(store.position(symbol, '1m').seq, 2)
    await store.close()
  }
  const again = await createLmdbStore(ladder, { dataDir, onArchiveError })
  t.equal(again.position(symbol, '1m').seq, 2)
  t.match(await fill(again, run(3)), { outcomes: ['duplicate', 'duplicate', 'accepted'] })
  await again.close()
})

t.test('a directory made with other periods is refused, and is left as it was', async (t) => {
  const dataDir = t.testdir()
  const store = await createLmdbStore(ladder, { dataDir, onArchiveError })
  await fill(store, run(5))
  await store.close()
  await t.rejects(createLmdbStore(createLadder(utcCalendar, ['1m', '5m']), { dataDir, onArchiveError }), { code: 'KLP_ERR_INCOMPATIBLE', message: /periods/ })
  await t.rejects(createLmdbStore(createLadder({ ...utcCalendar, name: 'sessions' }, PERIODS), { dataDir, onArchiveError }), { code: 'KLP_ERR_INCOMPATIBLE', message: /calendar/ })
  const again = await createLmdbStore(ladder, { dataDir, onArchiveError })
  t.equal(again.epoch, store.epoch)
  t.equal(again.position(symbol, '1m').seq, 5)
  await again.close()
})

t.test('a directory that is open is refused, and goes on to serve its owner', async (t) => {
  const dataDir = t.testdir()
  const store = await createLmdbStore(ladder, { dataDir, onArchiveError })
  await t.rejects(createLmdbStore(ladder, { dataDir, onArchiveError }), { code: 'KLP_ERR_IN_USE' })
  await fill(store, run(5))
  t.equal(store.position(symbol, '1m').seq, 5)
  await store.close()
  const again = await createLmdbStore(ladder, { dataDir, onArchiveError })
  t.equal(again.position(symbol, '1m').seq, 5)
  await again.close()
})

t.test('a directory may have a long path', { skip: process.platform !== 'linux' }, async (t) => {
  const dataDir = join(t.testdir(), 'd'.repeat(60), 'e'.repeat(60))
  mkdirSync(dataDir, { recursive: true })
  t.ok(dataDir.length > 100)
  const store = await createLmdbStore(ladder, { dataDir, onArchiveError })
  await t.rejects(createLmdbStore(ladder, { dataDir, onArchiveError }), { code: 'KLP_ERR_IN_USE' })
  await fill(store, run(2))
  await store.close()
  const again = await createLmdbStore(ladder, { dataDir, onArchiveError })
  t.equal(again.position(symbol, '1m').seq, 2)
  await again.close()
})

t.test('every minute is in reach', async (t) => {
  const store = await createLmdbStore(ladder, { dataDir: t.testdir(), onArchiveError })
  await fill(store, run(1, { from: 1e12 - 1e12 % MINUTE }))
  t.ok(store.reaches(symbol, 0))
  await store.close()
})
