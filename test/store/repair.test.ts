import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { MinuteBar } from '../../src/market/bar.ts'
import { utcCalendar } from '../../src/market/calendar.ts'
import { createLadder } from '../../src/market/ladder.ts'
import { MINUTE, PERIODS } from '../../src/market/period.ts'
import { BYTES_TO_BYTES } from '../../src/store/clustered.ts'
import { openRoot, WRITER } from '../../src/store/directory.ts'
import { openFollower } from '../../src/store/follower.ts'
import { Meta } from '../../src/store/meta.ts'
import { claim } from '../../src/store/owner.ts'
import { repairDirectory } from '../../src/store/repair.ts'
import type { Store } from '../../src/store/store.ts'
import { ALL, feed, makeData, openStore, pagesOf, problemsOf, soundData, START, zeroPage } from '../fixture/damage.ts'
import { minute } from '../fixture/minutes.ts'
import { applyAll, fill } from '../fixture/store-spec.ts'

const SYMBOLS = ['A', 'B.x', 'CC']
const copy = soundData(t)

/** Every bar that a store shows, without how often it was corrected. */
function barsOf (store: Store): Map<string, string> {
  const bars = SYMBOLS.flatMap((symbol) => store.periods.flatMap((period) => store.buckets({ symbol, period, limit: Infinity }).map((bucket) => ({ symbol, period, bar: bucket.toBar() }))))
  return new Map(bars.map(({ symbol, period, bar: { revision, ...bar } }) => [`${symbol}.${period} ${bar.time}`, JSON.stringify(bar)]))
}

async function barsIn (dataDir: string): Promise<{ epoch: string, bars: Map<string, string> }> {
  const store = await openStore(dataDir)
  const bars = barsOf(store)
  await store.close()
  return { epoch: store.epoch, bars }
}

t.test('whatever page is gone, a repair makes sound data with a new epoch of the rest, in which every bar is true and longer bars are whole', async (t) => {
  const dataDir = copy(t)
  const path = join(dataDir, 'bars.mdb')
  const whole = readFileSync(path)
  const pages = pagesOf(dataDir)
  const before = await barsIn(dataDir)
  const some = pages.filter(({ table, kind }, i) => kind !== 'free' && (table !== 'events' || i % 8 === 0))
  let lost = 0
  let spared = 0
  for (const { number, table, kind } of some) {
    const name = `${kind} ${number} of ${table}`
    writeFileSync(path, whole)
    zeroPage(dataDir, number)
    const damaged = readFileSync(path)
    const problems: string[] = []
    const repaired = await repairDirectory(dataDir, (table, problem) => { problems.push(`${table}: ${problem}`) })
    t.ok(readFileSync(join(dataDir, String(repaired?.aside))).equals(damaged), name)
    t.strictSame(problemsOf(dataDir), [], name)
    const { epoch, bars } = await barsIn(dataDir)
    t.not(epoch, before.epoch)
    const missing = [...before.bars.keys()].filter((key) => !bars.has(key))
    if (table === 'journal') {
      t.match(repaired?.doubts, [/^Entries of the journal may be missing/], name)
      continue
    }
    const others = [...bars].filter(([key, bar]) => before.bars.get(key) !== bar)
    t.ok(others.length === 0 || repaired?.doubts.some((doubt) => /^\d+ late minutes are not in the longer bars/.test(doubt)), `${name}: ${others.length} bars are not what they were`)
    t.ok(others.every(([key, bar]) => JSON.parse(bar).volume === JSON.parse(before.bars.get(key) as string).volume), name)
    spared += others.length
    t.ok(missing.every((key) => key.includes('.1m ')), `${name}: ${missing.length} minutes are missing, and no longer bar`)
    t.ok(missing.length === 0 || problems.length === 1, name)
    lost += missing.length
  }
  t.ok(lost > 0)
  t.ok(spared > 0 && spared < 20, `${spared} longer bars lack a correction`)
})

/** A copy with a page of events gone, which costs no bar. */
function damagedCopy (t: Test): string {
  const dataDir = copy(t)
  zeroPage(dataDir, pagesOf(dataDir).find(({ table, kind }) => table === 'events' && kind === 'leaf')?.number as number)
  return dataDir
}

function ignore (): void {}

t.test('bars of longer periods stay, whose minutes are not kept any more', async (t) => {
  const dataDir = t.testdir()
  const days = 1440 * MINUTE
  const retaining = createLadder(utcCalendar, PERIODS, { '1m': 2, '3m': 2, '5m': 2 })
  await feed(dataDir, Array.from({ length: 24 * 8 }, (_, hour) => Array.from({ length: 60 }, (_, i) => minute(START + (hour * 60 + i) * MINUTE, { symbol: 'A' }))), { ladder: retaining })
  const store = await openStore(dataDir, { ladder: retaining })
  const hours = store.buckets({ symbol: 'A', period: '1h', limit: Infinity })
  await store.close()
  zeroPage(dataDir, pagesOf(dataDir).find(({ table }) => table === 'events')?.number as number)
  await repairDirectory(dataDir, ignore)
  const again = await openStore(dataDir, { ladder: retaining })
  t.same(again.buckets({ symbol: 'A', period: '1h', limit: Infinity }), hours)
  t.equal(again.buckets({ symbol: 'A', period: '1d', limit: Infinity }).length, 8)
  t.equal(again.buckets({ symbol: 'A', period: '1m', limit: Infinity })[0].time, START + 6 * days)
  await again.close()
})

t.test('what only the journal has of a contract is there too, and many bars are', async (t) => {
  const dataDir = t.testdir()
  await makeData(dataDir, { count: 1000 })
  const store = await openStore(dataDir, { archiveEvery: 1e6 })
  await fill(store, [minute(START, { symbol: 'new' })])
  const bars = barsOf(store)
  await store.close()
  zeroPage(dataDir, pagesOf(dataDir).find(({ table }) => table === 'events')?.number as number)
  t.match(await repairDirectory(dataDir, ignore), { found: { contracts: 4 }, doubts: [] })
  const again = await openStore(dataDir)
  t.same(barsOf(again), bars)
  t.equal(again.buckets({ symbol: 'new', period: '1M', limit: 1 }).length, 1)
  await again.close()
})

t.test('sound data are left as they are', async (t) => {
  const dataDir = copy(t)
  const before = readFileSync(join(dataDir, 'bars.mdb'))
  t.equal(await repairDirectory(dataDir, () => { t.fail('nothing is wrong') }), undefined)
  t.ok(readFileSync(join(dataDir, 'bars.mdb')).equals(before))
  t.strictSame(readdirSync(dataDir), ['bars.mdb'])
  await t.rejects(repairDirectory(join(dataDir, 'nowhere'), ignore), { message: /There are no bars in `.*nowhere`: it has no file `bars\.mdb`/ })
})

t.test('data that somebody has are not repaired', async (t) => {
  const dataDir = copy(t)
  const store = await openStore(dataDir)
  await t.rejects(repairDirectory(dataDir, ignore), { code: 'KLP_ERR_IN_USE', message: /in use by another process/ })
  await fill(store, [minute(START + 1e6 * MINUTE, { symbol: 'A' })])
  await store.close()
  t.strictSame(readdirSync(dataDir).filter((name) => name.includes('repairing')), [])
  t.strictSame(problemsOf(dataDir), [])
})

t.test('a repair that was cut short lets no server start, and the next one ends it; of two at once one is refused', async (t) => {
  const dataDir = damagedCopy(t)
  const damaged = readFileSync(join(dataDir, 'bars.mdb'))
  const other = join(dataDir, 'bars.mdb.repairing')
  const root = openRoot(other, WRITER)
  await root.openDB('bars', BYTES_TO_BYTES).put(Buffer.from('key'), Buffer.from('value'))
  const release = await claim(dataDir, new Meta(root).owner)
  await t.rejects(repairDirectory(dataDir, ignore), { code: 'KLP_ERR_IN_USE' })
  t.ok(existsSync(other))
  await root.close()
  await release()
  const refused = { code: 'KLP_ERR_IN_USE', message: /`.*` is being repaired; if it is not, because that was cut short, run `kline-push repair --data-dir .*` again/ }
  await t.rejects(openStore(dataDir), refused)
  t.throws(() => openFollower(ALL, { dataDir }), refused)
  t.ok(readFileSync(join(dataDir, 'bars.mdb')).equals(damaged))
  t.match(await repairDirectory(dataDir, ignore), { found: { contracts: 3 } })
  t.notOk(existsSync(other))
  t.strictSame(problemsOf(dataDir), [])
  await (await openStore(dataDir)).close()
})

t.test('a repair that begins while a server starts is seen by it', async (t) => {
  const dataDir = copy(t)
  const opening = openStore(dataDir) // it waits for its claim by now
  writeFileSync(join(dataDir, 'bars.mdb.repairing'), '')
  await t.rejects(opening, { code: 'KLP_ERR_IN_USE', message: /is being repaired/ })
  await t.rejects(openStore(dataDir), { code: 'KLP_ERR_IN_USE' })
})

t.test('data of a calendar that is not known here, or of another format, are not repaired and not touched', async (t) => {
  for (const [name, text, message] of [['calendar', 'sessions', /was made with a calendar of its own/], ['format', '2', /has format `2`/]] as const) {
    const dataDir = damagedCopy(t)
    const root = openRoot(join(dataDir, 'bars.mdb'), WRITER)
    await root.openDB<string, string>('meta', { encoding: 'string' }).put(name, text)
    await root.close()
    const before = readFileSync(join(dataDir, 'bars.mdb'))
    await t.rejects(repairDirectory(dataDir, ignore), { code: 'KLP_ERR_INCOMPATIBLE', message })
    t.ok(readFileSync(join(dataDir, 'bars.mdb')).equals(before))
    t.strictSame(readdirSync(dataDir).filter((name) => name.includes('repair') || name.includes('damaged')), [])
  }
})

t.test('a contract of which only longer bars are left is there with these, and goes on', async (t) => {
  const dataDir = copy(t)
  const root = openRoot(join(dataDir, 'bars.mdb'), WRITER)
  const bars = root.openDB<Buffer, Buffer>('bars', BYTES_TO_BYTES)
  for (const key of [...bars.getKeys()]) if (key[0] === 65 && key[2] === 0) bars.removeSync(key)
  root.openDB<Buffer, Buffer>('contracts', BYTES_TO_BYTES).removeSync(Buffer.from('A'))
  const journal = root.openDB<Buffer, Buffer>('journal', BYTES_TO_BYTES)
  for (const key of [...journal.getKeys()]) journal.removeSync(key)
  await root.close()
  await repairDirectory(dataDir, ignore)
  t.strictSame(problemsOf(dataDir), [])
  const store = await openStore(dataDir)
  t.strictSame(store.buckets({ symbol: 'A', period: '1m', limit: 10 }), [])
  const [{ time }] = store.buckets({ symbol: 'A', period: '3m', limit: 1 })
  t.match((await applyAll(store, [minute(time + 1e4 * MINUTE, { symbol: 'A' })])).results, ['accepted'], 'what comes is not taken for something that was there before')
  t.equal(store.buckets({ symbol: 'A', period: '1m', limit: 10 }).length, 1)
  await store.close()
})

t.test('a contract that stands as it did before its newest bars agrees with them afterwards', async (t) => {
  const dataDir = t.testdir()
  const minutes = (from: number, count: number): MinuteBar[] => Array.from({ length: count }, (_, i) => minute(START + (from + i) * MINUTE, { symbol: 'A', volume: 1 }))
  await feed(dataDir, [minutes(0, 10)])
  const contracts = async (change: (put: (value: Buffer) => void, value: Buffer) => void): Promise<void> => {
    const root = openRoot(join(dataDir, 'bars.mdb'), WRITER)
    const table = root.openDB<Buffer, Buffer>('contracts', BYTES_TO_BYTES)
    change((value) => { table.putSync(Buffer.from('A'), value) }, table.get(Buffer.from('A')) as Buffer)
    await root.close()
  }
  let old!: Buffer
  await contracts((_put, value) => { old = Buffer.from(value) })
  await feed(dataDir, [minutes(10, 90)])
  await contracts((put) => { put(old) })
  t.match(problemsOf(dataDir).join(), /A\.1m at \d+: it is event \d+ of 10/)
  await repairDirectory(dataDir, ignore)
  t.strictSame(problemsOf(dataDir), [])
  const repaired = await openStore(dataDir)
  t.equal(repaired.buckets({ symbol: 'A', period: '1m', limit: 1000 }).length, 100)
  t.match(repaired.buckets({ symbol: 'A', period: '1h', limit: 10 }).map(({ volume, closed }) => [volume, closed]), [[60, true], [40, false]])
  await repaired.close()
})

t.test('what would not be sound takes nothing\'s place', async (t) => {
  const dataDir = copy(t)
  zeroPage(dataDir, pagesOf(dataDir).find(({ table, kind }) => table === 'bars' && kind === 'leaf')?.number as number)
  const before = readFileSync(join(dataDir, 'bars.mdb'))
  const spoil = (): void => { openRoot(join(dataDir, 'bars.mdb.repairing'), WRITER).openDB<Buffer, Buffer>('bars', BYTES_TO_BYTES).putSync(Buffer.from('key'), Buffer.from('value')) }
  await t.rejects(repairDirectory(dataDir, spoil), { message: /makes no sound file \(bars: page \d+: the key `key` is none\)/ })
  t.ok(readFileSync(join(dataDir, 'bars.mdb')).equals(before))
  t.strictSame(readdirSync(dataDir).filter((name) => name.includes('repair') || name.includes('damaged')), [])
})
