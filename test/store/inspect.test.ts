import fc from 'fast-check'
import { open } from 'lmdb'
import { join } from 'node:path'
import t from 'tap'
import { Bucket } from '../../src/market/bucket.ts'
import { utcCalendar } from '../../src/market/calendar.ts'
import { Contract } from '../../src/market/contract.ts'
import { createLadder } from '../../src/market/ladder.ts'
import { MINUTE, PERIODS } from '../../src/market/period.ts'
import { restoreContract } from '../../src/store/archive.ts'
import { BYTES_TO_BYTES, rowKey } from '../../src/store/clustered.ts'
import { newestCommit, openPages } from '../../src/store/commits.ts'
import { checkFile } from '../../src/store/damage.ts'
import { openRoot, WRITER } from '../../src/store/directory.ts'
import type { Entry } from '../../src/store/entry.ts'
import { createLmdbStore } from '../../src/store/lmdb.ts'
import { encodeEntries } from '../../src/store/record.ts'
import { encodeRows } from '../../src/store/row.ts'
import { decodeState, encodeState } from '../../src/store/state.ts'
import { numberOf } from '../../src/store/table.ts'
import { openStore, PAGE, pagesOf, problemsOf, rewrite, rewritePage, soundData, START } from '../fixture/damage.ts'
import { MapHistory } from '../fixture/history.ts'
import { minute } from '../fixture/minutes.ts'
import { applyAll } from '../fixture/store-spec.ts'

const copy = soundData(t)

const symbol = fc.constantFrom('A', 'B.x', 'C')
const offset = fc.integer({ min: -4000, max: 30 }).map((minutes) => minutes * MINUTE)
const price = fc.integer({ min: 9, max: 12 })
const anyEntry: fc.Arbitrary<(now: number) => Entry> = fc.oneof(
  { weight: 10, arbitrary: fc.tuple(symbol, fc.nat(3), price).map(([symbol, ahead, close]) => (now: number) => minute(now + ahead * MINUTE, { symbol, close, volume: close / 8 })) },
  { weight: 4, arbitrary: fc.tuple(symbol, offset, price).map(([symbol, offset, close]) => (now: number) => minute(now + offset, { symbol, close, volume: 1234567890.1234567 })) },
  { weight: 1, arbitrary: fc.tuple(symbol, fc.array(offset, { minLength: 1, maxLength: 20 }), price).map(([symbol, offsets, close]) => (now: number): Entry => ({ kind: 'import', symbol, minutes: offsets.map((offset) => minute(now + offset, { symbol, close })) })) },
  { weight: 1, arbitrary: fc.option(symbol, { nil: undefined }).map((symbol) => (now: number): Entry => ({ kind: 'watermark', time: now, symbols: symbol === undefined ? undefined : [symbol] })) },
  { weight: 1, arbitrary: fc.constant((now: number): Entry => ({ kind: 'clock', time: now })) },
)

t.test('what a store makes of whatever comes in is sound, also while it moves bars, prunes and starts again', async (t) => {
  const directory = t.testdir()
  const retaining = createLadder(utcCalendar, PERIODS, { '1m': 2, '1h': 5 })
  let runs = 0
  await fc.assert(fc.asyncProperty(fc.array(fc.array(anyEntry, { minLength: 30, maxLength: 60 }), { minLength: 2, maxLength: 4 }), async (lives) => {
    const dataDir = join(directory, String(++runs))
    let now = START
    for (const life of lives) {
      const store = await createLmdbStore(retaining, { dataDir, archiveEvery: 20, keepEvents: 40, onArchiveError (err) { throw err } })
      for (const entry of life) {
        const next = entry(now += 20 * MINUTE)
        if (!('time' in next) || !('symbol' in next) || store.reaches(next.symbol, next.time)) await applyAll(store, [next])
        await new Promise((resolve) => { setImmediate(resolve) })
      }
      await store.close()
      t.strictSame(problemsOf(dataDir), [])
    }
  }), { numRuns: 8, endOnFailure: true })
})

/** In a page: where the list of its nodes is, and the node at a place of it. */
const LIST = 24
const nodeAt = (page: Buffer, place: number): number => LIST + page.readUInt16LE(LIST + 2 * place)
const valueAt = (page: Buffer, at: number): number => at + 8 + page.readUInt16LE(at + 6)
const swap = (page: Buffer, a: number, b: number): void => {
  const at = page.readUInt16LE(LIST + 2 * a)
  page.copyWithin(LIST + 2 * a, LIST + 2 * b, LIST + 2 * b + 2)
  page.writeUInt16LE(at, LIST + 2 * b)
}

/** The first node of a page whose value has pages of its own. */
function longAt (page: Buffer): number {
  for (let place = 0; ; place++) if (page.readUInt16LE(nodeAt(page, place) + 4) === 1) return nodeAt(page, place)
}

/** The page that names the tables. */
function tablesPage (dataDir: string): number {
  const file = openPages(join(dataDir, 'bars.mdb'))
  const { root } = newestCommit(file).main
  file.close()
  return root as number
}

t.test('whatever is wrong with a page is told by its number', async (t) => {
  const pages = pagesOf(copy(t))
  const page = (table: string, kind: string): number => pages.find((page) => page.table === table && page.kind === kind)?.number as number
  const leaf = page('bars', 'leaf')
  const branch = page('bars', 'branch')
  const long = page('journal', 'long')
  const journal = page('journal', 'leaf')
  const tables = tablesPage(copy(t))
  const cases: [number, (page: Buffer) => void, RegExp][] = [
    [leaf, (page) => { page.writeUInt32LE(7, 0) }, /^bars: page \d+ says that it is page 7$/],
    [leaf, (page) => { page.writeUInt8(4, 18) }, /is no page of a table/],
    [leaf, (page) => { page.writeUInt8(1, 18) }, /is no leaf on level 2 of 2/],
    [branch, (page) => { page.writeUInt8(2, 18) }, /is a leaf on level 1 of 2/],
    [leaf, (page) => { page.writeUInt32LE(1e9, 8) }, /is of transaction 1000000000, and found by one of/],
    [leaf, (page) => { page.writeUInt16LE(0, 20); page.writeUInt16LE(PAGE - LIST, 22) }, /is empty/],
    [leaf, (page) => { page.writeUInt16LE(0, 20) }, /has entries of 0 bytes in \d+/],
    [leaf, (page) => { page.writeUInt16LE(7, 20) }, /has no list of what is in it/],
    [leaf, (page) => { page.writeUInt16LE(PAGE, 22) }, /has no list of what is in it/],
    [leaf, (page) => { page.writeUInt16LE(PAGE - 26, LIST) }, /has entries that are not inside it/],
    [leaf, (page) => { page.writeUInt16LE(0, LIST) }, /has entries that are not inside it/],
    [leaf, (page) => { page.writeUInt32LE(1e6, nodeAt(page, 3)) }, /has entries that are not inside it/],
    [leaf, (page) => { page.writeUInt32LE(80, nodeAt(page, 3)) }, /has entries of \d+ bytes in \d+/],
    [leaf, (page) => { swap(page, 2, 3) }, /has keys that are out of their order/],
    [leaf, (page) => { page.fill('Z', nodeAt(page, 0) + 8, nodeAt(page, 0) + 9) }, /has keys that are out of their order/],
    [branch, (page) => { swap(page, 2, 3) }, /has keys that are out of their order/],
    [branch, (page) => { page.writeUInt16LE(PAGE - 26, LIST) }, /has entries that are not inside it/],
    [branch, (page) => { page.writeUInt32LE(1e6, nodeAt(page, 3)) }, /page 1000000 is past the newest page, which is \d+/],
    [branch, (page) => { page.writeUInt32LE(page.readUInt32LE(nodeAt(page, 2)), nodeAt(page, 3)) }, /is in use twice/],
    [branch, (page) => { page.writeUInt16LE(page.readUInt16LE(20) - 2, 20) }, /has entries of \d+ bytes in \d+/],
    [tables, (page) => { page.writeUInt32LE(3, page.indexOf('bars\0') + 5 + 32) }, /^bars: page \d+ leads to \d+ rows of 3$/],
    [tables, (page) => { page.writeUInt16LE(4, page.indexOf('bars\0') + 5 + 4) }, /^tables: page \d+ does not say where `bars` is$/m],
    [tables, (page) => { page.writeUInt32LE(47, nodeAt(page, 0)) }, /^tables: page \d+ (does not say where `bars` is|has entries)/m],
    [long, (page) => { page.writeUInt8(2, 18) }, /^journal: page \d+ does not begin a long value$/],
    [long, (page) => { page.writeUInt32LE(9, 20) }, /does not begin a long value/],
    [journal, (page) => { page.writeUInt32LE(9, valueAt(page, longAt(page)) + 16) }, /is said to begin 9 pages for \d+ bytes/],
  ]
  for (const [number, change, message] of cases) {
    const dataDir = copy(t)
    rewritePage(dataDir, number, change)
    t.match(problemsOf(dataDir).join('\n'), message, message.source)
  }
})

t.test('of the two pages that tell of commits the one that is whole is believed, and the other told of', async (t) => {
  const cases: [(bytes: Buffer, newer: number) => void, RegExp][] = [
    [(bytes, newer) => { bytes.fill(0, newer, newer + PAGE) }, /^the file: page [01] does not begin as a file of LMDB does$/m],
    [(bytes, newer) => { bytes.writeUInt32LE(1, newer + 28) }, /^the file: page [01] describes no commit$/m],
    [(bytes, newer) => { bytes.writeUInt32LE(5, newer) }, /describes no commit/],
    [(bytes, newer) => { bytes.writeUInt8(2, newer + 18) }, /describes no commit/],
    [(bytes, newer) => { bytes.writeUInt32LE(8192, newer + 48) }, /describes no commit/],
    [(bytes, newer) => { bytes.writeUInt32LE(bytes.readUInt32LE(newer + 152) + 1, newer + 152) }, /describes no commit/],
    [(bytes, newer) => { bytes.writeUInt32LE(1e9, newer + 144) }, /describes no commit/],
    [(bytes, newer) => { bytes.writeUInt32LE(bytes.readUInt32LE(newer + 152) + 10, newer + 152) }, /^the file: page 0 and page 1 are \d+ commits apart$/m],
  ]
  for (const [change, message] of cases) {
    const dataDir = copy(t)
    rewrite(dataDir, (bytes) => {
      change(bytes, bytes.readUInt32LE(152) > bytes.readUInt32LE(PAGE + 152) ? 0 : PAGE)
      return bytes
    })
    const problems = problemsOf(dataDir)
    t.match(problems.join('\n'), message)
    t.equal(problems.length, 1, 'the commit that is left is sound')
  }
  const dataDir = copy(t)
  rewrite(dataDir, (bytes) => bytes.fill(0, 0, 2 * PAGE))
  t.strictSame(problemsOf(dataDir), ['the file: page 0 does not begin as a file of LMDB does'])
  rewrite(dataDir, () => Buffer.from('short'))
  t.strictSame(problemsOf(dataDir), ['the file: page 0 does not begin as a file of LMDB does'])
})

t.test('free pages that can not be are told of, and those that are in use', async (t) => {
  const dataDir = copy(t)
  const file = openPages(join(dataDir, 'bars.mdb'))
  const { free } = newestCommit(file)
  const page = file.page(free.root as number)
  const used = pagesOf(dataDir).find(({ kind }) => kind === 'leaf')?.number as number
  t.equal(page.nodes[0].pages, undefined)
  file.close()
  const words: [number[], RegExp][] = [
    [[1000], /^free: page \d+ lists more free pages than it holds$/m],
    [[1, 1e6], /^free: page \d+ lists free pages from 1000000 on, 1 of them$/m],
    [[2, -5, 1e6], /lists free pages from 1000000 on, 5 of them/],
    [[1, -5], /lists free pages from -1 on, 5 of them/],
    [[1, used], /^free: page \d+ is in use although it is free$/m],
    [[0], /^$/],
    [[1, 0], /^$/],
  ]
  const shortened = copy(t)
  rewritePage(shortened, free.root as number, (page) => { page.writeUInt32LE(4, nodeAt(page, 0)) })
  t.match(problemsOf(shortened).join('\n'), /lists more free pages than it holds/)
  for (const [values, message] of words) {
    const changed = copy(t)
    rewritePage(changed, free.root as number, (page) => {
      const at = valueAt(page, nodeAt(page, 0))
      values.forEach((value, i) => { page.writeBigInt64LE(BigInt(value), at + 8 * i) })
    })
    t.match(problemsOf(changed).join('\n'), message, message.source)
    if (message.source === '^$') checkFile(join(changed, 'bars.mdb'))
    else t.throws(() => { checkFile(join(changed, 'bars.mdb')) }, { code: 'KLP_ERR_DAMAGED' })
  }
})

/** A closed bar, as `bars` has it. */
function closed (fields: Partial<Bucket> = {}): Bucket {
  return Object.assign(Bucket.ofMinute(minute(START)), { closed: true, seq: 1, ...fields })
}

/** Changes rows of a data directory through LMDB. */
async function put (dataDir: string, table: string, rows: readonly (readonly [Buffer, Buffer | undefined])[]): Promise<void> {
  const root = openRoot(join(dataDir, 'bars.mdb'), WRITER)
  const db = root.openDB<Buffer, Buffer>(table, BYTES_TO_BYTES)
  for (const [key, value] of rows) {
    if (value === undefined) db.removeSync(key)
    else db.putSync(key, value)
  }
  await root.close()
}

const barKey = rowKey('A', '1m', numberOf(START))
const position = (value: number): Buffer => {
  const key = Buffer.alloc(6)
  key.writeUIntBE(value, 0, 6)
  return key
}

t.test('a row that can not be what was written is told of', async (t) => {
  const bars: [Buffer, Buffer, RegExp][] = [
    [Buffer.from('A'), encodeRows([closed()]), /the key `A` is none/],
    [Buffer.from('A \0\0######', 'latin1'), encodeRows([closed()]), /the key `A .*` is none/],
    [Buffer.from('A\0\x0f######', 'latin1'), encodeRows([closed()]), /is none/],
    [Buffer.from('AAA\x01\0######', 'latin1'), encodeRows([closed()]), /is none/],
    [barKey, Buffer.alloc(0), /A\.1m: it is not what its key says/],
    [barKey, Buffer.from('short'), /A\.1m: it can't be read/],
    [barKey, encodeRows([closed(), closed()]), /it is not what its key says/],
    [barKey, encodeRows([closed({ time: START + MINUTE })]), /it is not what its key says/],
    [barKey, encodeRows([closed({ end: START })]), /A\.1m at \d+: it goes from 1767225600000 to 1767225600000/],
    [barKey, encodeRows([closed({ end: START + 2 * MINUTE })]), /it goes from/],
    [barKey, encodeRows([closed({ closed: false, seq: 0 })]), /it is open, event 0, revision 0/],
    [barKey, encodeRows([closed({ seq: 0 })]), /it is closed, event 0, revision 0/],
    [barKey, encodeRows([closed({ seq: 0.5 })]), /event 0\.5/],
    [barKey, encodeRows([closed({ revision: -1 })]), /revision -1/],
    [barKey, encodeRows([closed({ low: 10.5 })]), /it has open 10, high 12, low 10\.5, close 11/],
    [barKey, encodeRows([closed({ high: 10.5 })]), /high 10\.5/],
    [barKey, encodeRows([closed({ open: NaN })]), /open NaN/],
    [barKey, encodeRows([closed({ volume: -1 })]), /a volume of -1/],
    [barKey, encodeRows([closed({ volume: Infinity })]), /a volume of Infinity/],
    [barKey, encodeRows([closed({ openInterest: -Infinity })]), /a value of -Infinity/],
    [barKey, encodeRows([closed({ seq: 1e6 })]), /^bars: A\.1m at \d+: it is event 1000000 of \d+$/m],
    [rowKey('nobody', '1m', numberOf(START)), encodeRows([closed()]), /nobody\.1m at \d+: it is event 1 of a contract that is not there/],
    [rowKey('A', '1m', numberOf(START + 1e6 * MINUTE)), encodeRows([closed({ time: START + 1e6 * MINUTE, end: START + (1e6 + 1) * MINUTE })]), /^bars: A\.1m: the newest is at \d+, and should be at \d+$/m],
    [rowKey('A', '3m', numberOf(START + MINUTE)), encodeRows([closed({ time: START + MINUTE, end: START + 4 * MINUTE })]), /A\.3m at \d+: it goes from/],
  ]
  for (const [key, value, message] of bars) {
    const dataDir = copy(t)
    await put(dataDir, 'bars', [[key, value]])
    t.match(problemsOf(dataDir).join('\n'), message, message.source)
  }

  const events: [[Buffer, Buffer | undefined][], RegExp][] = [
    [[[rowKey('A', '1M', 2), encodeRows([closed({ time: Date.UTC(2026, 0, 1), end: Date.UTC(2026, 1, 1), seq: 1 })])]], /^events: page \d+: A\.1M: it is not what its key says$/m],
    [[[rowKey('A', '1m', 1000), encodeRows([closed({ seq: 1000 })])]], /^events: A\.1m: \d+ is followed by 1000$/m],
    [[[rowKey('nobody', '1m', 1), encodeRows([closed()])], [rowKey('nobody', '1m', 3), encodeRows([closed({ seq: 3 })])]], /^events: nobody\.1m: 1 is followed by 3$/m],
  ]
  for (const [rows, message] of events) {
    const dataDir = copy(t)
    await put(dataDir, 'events', rows)
    t.match(problemsOf(dataDir).join('\n'), message, message.source)
  }

  const entries: [Buffer, Buffer, RegExp][] = [
    [Buffer.from('key'), Buffer.alloc(0), /^journal: page \d+: it has no position$/m],
    [position(1e6), encodeEntries([minute(START)]), /^journal: entry \d+ is followed by 1000000$/m],
    [position(1e6), Buffer.from([9]), /entries from 1000000 on: it can't be read \(Expected the kind/],
    [position(1e6), encodeEntries([minute(START), minute(START, { symbol: 'A B' })]), /entry 1000001 has no symbol/],
    [position(1e6), encodeEntries([minute(START + 1)]), /entry 1000000 is a minute at/],
    [position(1e6), encodeEntries([minute(-MINUTE)]), /entry 1000000 is a minute at -60000/],
    [position(1e6), encodeEntries([minute(START, { low: 20 })]), /entry 1000000 has open/],
    [position(1e6), encodeEntries([{ kind: 'clock', time: NaN }]), /entry 1000000 is a watermark of NaN/],
    [position(1e6), encodeEntries([{ kind: 'import', symbol: 'A', minutes: [minute(START, { symbol: 'A' }), minute(START)] }]), /entry 1000000 is of BTCUSDT among those of A/],
    [position(1e6), encodeEntries([{ kind: 'import', symbol: 'BTCUSDT', minutes: [minute(START)] }]), /^journal: entry \d+ is followed by 1000000$/m],
  ]
  for (const [key, value, message] of entries) {
    const dataDir = copy(t)
    await put(dataDir, 'journal', [[key, value]])
    t.match(problemsOf(dataDir).join('\n'), message, message.source)
  }
})

t.test('a contract that can not have stood so is told of', async (t) => {
  const ladder = createLadder(utcCalendar, PERIODS)
  const changes: [(contract: Contract) => void, RegExp][] = [
    [(contract) => { contract.position = -1 }, /A: it has position -1/],
    [(contract) => { contract.position = 1e9 }, /^contracts: A: it has entry 1000000000, and the journal ends with \d+$/m],
    [(contract) => { contract.first = Infinity }, /A: it has position \d+, minutes from Infinity to/],
    [(contract) => { contract.watermark = Infinity }, /watermark Infinity/],
    [({ lanes: [lane] }) => { lane.seq = 0.5 }, /A\.1m: it has seq 0\.5/],
    [({ lanes: [lane] }) => { lane.resetSeq = -1 }, /reset at -1/],
    [({ lanes: [lane] }) => { lane.resetSeq = 1e9 }, /reset at 1000000000/],
    [({ lanes: [lane] }) => { lane.newest = NaN }, /newest bar NaN/],
    [({ lanes }) => { (lanes[14] as { open: Bucket }).open = new Bucket(START, START + 1, closed()) }, /A\.1M: the open bar goes from/],
    [({ lanes: [lane] }) => { lane.seq += 5 }, /^events: A\.1m: the newest is \d+, and should be \d+$/m],
    [({ lanes }) => { lanes[14].seq = 5 }, /^events: A\.1M: the newest is none, and should be 5$/m],
  ]
  const key = Buffer.from('A')
  for (const [change, message] of changes) {
    const dataDir = copy(t)
    const root = openRoot(join(dataDir, 'bars.mdb'), WRITER)
    const db = root.openDB<Buffer, Buffer>('contracts', BYTES_TO_BYTES)
    const contract = new Contract('A', ladder, () => Object.assign(new MapHistory(), { archived () {} }))
    restoreContract(contract, decodeState(db.get(key) as Buffer, PERIODS.length))
    change(contract)
    db.putSync(key, encodeState(contract))
    await root.close()
    t.match(problemsOf(dataDir).join('\n'), message, message.source)
  }
  const dataDir = copy(t)
  await put(dataDir, 'contracts', [[Buffer.from('A B'), Buffer.alloc(0)], [key, Buffer.from('short')]])
  t.match(problemsOf(dataDir).join('\n'), /A: it can't be read \(it has 5 bytes, and 15 periods take 512\).*it has no symbol/s)
})

t.test('what data say about themselves is told of where it can not be, and data of another format are refused', async (t) => {
  const cases: [[string, string | undefined], RegExp][] = [
    [['format', undefined], /^meta: it has no format$/m],
    [['calendar', undefined], /^meta: it has no calendar$/m],
    [['periods', undefined], /^meta: it has no periods$/m],
    [['periods', 'daily'], /^meta: its periods are `daily`$/m],
    [['marks', 'far'], /^meta: its marks are `far`$/m],
    [['marks', '5 x 1'], /its marks are `5 x 1`/],
    [['marks', '5 1 x'], /its marks are `5 1 x`/],
    [['marks', '1000000 -Infinity -Infinity'], /^meta: its marks are of entry 1000000, and the journal ends with \d+$/m],
    [['calendar', 'sessions'], /^$/],
    [['epoch', undefined], /^$/],
  ]
  const change = async (name: string, text: string | undefined): Promise<string> => {
    const dataDir = copy(t)
    await put(dataDir, 'meta', [[Buffer.from(name), text === undefined ? undefined : Buffer.from(text)]])
    return dataDir
  }
  for (const [[name, text], message] of cases) t.match(problemsOf(await change(name, text)).join('\n'), message, `${name} ${text}`)
  const other = await change('format', '2')
  t.throws(() => problemsOf(other), { code: 'KLP_ERR_INCOMPATIBLE', message: /has format `2`, and this program reads `3`/ })
  const foreign = t.testdir()
  const root = open({ path: join(foreign, 'bars.mdb'), noSubdir: true, maxDbs: 4 })
  await root.openDB({ name: 'theirs' }).put('key', 'value')
  await root.close()
  t.throws(() => problemsOf(foreign), { code: 'KLP_ERR_INCOMPATIBLE', message: /is of another program: it has `theirs`/ })
})

t.test('new data are sound: they say nothing yet', async (t) => {
  const dataDir = t.testdir()
  const store = await openStore(dataDir)
  await store.close()
  t.strictSame(problemsOf(dataDir), [])
  await put(dataDir, 'meta', ['format', 'calendar', 'periods', 'epoch'].map((name) => [Buffer.from(name), undefined]))
  t.strictSame(problemsOf(dataDir), [])
  const empty = t.testdir()
  const root = openRoot(join(empty, 'bars.mdb'), WRITER)
  await root.close()
  t.strictSame(problemsOf(empty), [])
  checkFile(join(empty, 'bars.mdb'))
})
