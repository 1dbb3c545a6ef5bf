import { open } from 'lmdb'
import { closeSync, openSync, readFileSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { BYTES_TO_BYTES } from '../../src/store/clustered.ts'
import { checkFile, checkPages, orDamaged } from '../../src/store/damage.ts'
import { openRoot, WRITER } from '../../src/store/directory.ts'
import { BadPage, ifReadable, type Page } from '../../src/store/page.ts'
import { PageFile } from '../../src/store/page-file.ts'
import { openStore, PAGE, pagesOf, rewrite, rewritePage, soundData, START, zeroPage } from '../fixture/damage.ts'
import { minute } from '../fixture/minutes.ts'
import { applyAll, shown } from '../fixture/store-spec.ts'

const SYMBOLS = ['A', 'B.x', 'CC']
const copy = soundData(t)

t.test('a file with any page gone is refused with its name, the page and what to do; or nothing of the data was on that page', async (t) => {
  const dataDir = copy(t)
  const whole = readFileSync(join(dataDir, 'bars.mdb'))
  const pages = pagesOf(dataDir)
  const before = await openStore(dataDir)
  const expected = shown(before, SYMBOLS)
  await before.close()
  for (const kind of ['branch', 'leaf', 'long', 'free']) t.ok(pages.some((page) => page.kind === kind), kind)
  for (const { number, table, kind } of pages) {
    writeFileSync(join(dataDir, 'bars.mdb'), whole)
    zeroPage(dataDir, number)
    if (kind === 'free') {
      const store = await openStore(dataDir)
      t.same(shown(store, SYMBOLS), expected, `free page ${number}`)
      await store.close()
    } else {
      await t.rejects(openStore(dataDir), { code: 'KLP_ERR_DAMAGED', message: new RegExp(`\`${dataDir}/bars.mdb\` is damaged: .*kline-push repair`) }, `${kind} ${number} of ${table}`)
    }
  }
})

t.test('a file that was cut off is refused, wherever', async (t) => {
  const dataDir = copy(t)
  const whole = readFileSync(join(dataDir, 'bars.mdb'))
  for (const length of [100, PAGE, 2 * PAGE, Math.floor(whole.length / 3), Math.floor(whole.length / 2)]) {
    rewrite(dataDir, () => whole.subarray(0, length))
    await t.rejects(openStore(dataDir), { code: 'KLP_ERR_DAMAGED', message: length < 2 * PAGE ? /does not begin as a file of LMDB does/ : /is not in the file, which ends before it/ })
  }
})

t.test('a file may end before its newest page, which LMDB does not write if it is free again', async (t) => {
  const dataDir = copy(t)
  rewrite(dataDir, (bytes) => {
    for (const meta of [0, PAGE]) bytes.writeUInt32LE(bytes.readUInt32LE(meta + 144) + 3, meta + 144)
    return bytes
  })
  checkFile(join(dataDir, 'bars.mdb'))
  const store = await openStore(dataDir)
  t.equal(store.size, 3)
  await store.close()
})

t.test('what is not of LMDB is refused', async (t) => {
  const dataDir = t.testdir()
  const path = join(dataDir, 'bars.mdb')
  checkFile(path)
  for (const text of ['yes', 'no '.repeat(50_000), '\0'.repeat(200_000)]) {
    writeFileSync(path, text)
    await t.rejects(openStore(dataDir), { code: 'KLP_ERR_DAMAGED', message: /page 0 does not begin as/ })
  }
})

t.test('a file of another program is refused, and not touched', async (t) => {
  const dataDir = t.testdir()
  const root = open({ path: join(dataDir, 'bars.mdb'), noSubdir: true, maxDbs: 4 })
  await root.openDB({ name: 'theirs' }).put('key', 'value')
  await root.close()
  await t.rejects(openStore(dataDir), { code: 'KLP_ERR_INCOMPATIBLE', message: /another program: it has `theirs`/ })
  const again = open({ path: join(dataDir, 'bars.mdb'), noSubdir: true, maxDbs: 4 })
  t.strictSame([...again.getKeys()], ['theirs'])
  await again.close()
})

t.test('an empty file is as good as new, a directory in its place is an error', async (t) => {
  const dataDir = t.testdir({ 'bars.mdb': '' })
  const store = await openStore(dataDir)
  t.equal(store.size, 0)
  await store.close()
  t.ok(statSync(join(dataDir, 'bars.mdb')).size > 0)
  const other = t.testdir({ 'bars.mdb': {} })
  await t.rejects(openStore(other), { code: 'KLP_ERR_DAMAGED', message: /page 0 can't be read \(EISDIR\)/ })
})

t.test('entries that can not be read, and a journal that ends before what the archive has, are refused, with the cause', async (t) => {
  const cases: [(journal: { putSync: (key: Buffer, value: Buffer) => void, removeSync: (key: Buffer) => void, getKeys: () => Iterable<Buffer> }) => void, RegExp][] = [
    [(journal) => { for (const key of journal.getKeys()) journal.putSync(key, Buffer.from([9])) }, /Expected the kind of a journal entry to be 1 to 4, got 9/],
    [(journal) => { for (const key of [...journal.getKeys()]) journal.removeSync(key) }, /the journal ends with entry 0, and the archive has \d+/],
  ]
  for (const [change, message] of cases) {
    const dataDir = copy(t)
    const root = openRoot(join(dataDir, 'bars.mdb'), WRITER)
    change(root.openDB('journal', BYTES_TO_BYTES))
    await root.close()
    await t.rejects(openStore(dataDir), { code: 'KLP_ERR_DAMAGED', message, cause: { message } })
  }
})

t.test('what lmdb says of a damaged file is said as that, other errors as they are', async (t) => {
  t.match(orDamaged('/data/bars.mdb', new Error('MDB_CORRUPTED: Located page was wrong type')), { code: 'KLP_ERR_DAMAGED', message: /`\/data\/bars\.mdb` is damaged: MDB_CORRUPTED/ })
  for (const err of [new Error('MDB_READERS_FULL: Environment maxreaders limit reached'), 'no error']) t.equal(orDamaged('/data/bars.mdb', err), err)
})

t.test('after a bar that can not be read no entry is taken, because the next ones could not be told from it', async (t) => {
  const dataDir = copy(t)
  const pages = pagesOf(dataDir)
  const store = await openStore(dataDir)
  const file = openSync(join(dataDir, 'bars.mdb'), 'r+') // the same file, which lmdb has mapped
  for (const { number, table, kind } of pages) if (table === 'bars' && kind === 'leaf') writeSync(file, Buffer.alloc(PAGE), 0, PAGE, number * PAGE)
  closeSync(file)
  const message = /^Entries of the journal could not be rolled up \(MDB_CORRUPTED: .*\): the data directory .* has to end/
  await t.rejects(applyAll(store, [minute(START, { symbol: 'A', close: 10 })]), { message })
  await t.rejects(applyAll(store, [minute(START, { symbol: 'new' })]), { message })
  t.equal(store.size, 3)
  await store.close()
  await t.rejects(openStore(dataDir), { code: 'KLP_ERR_DAMAGED' })
})

t.test('while somebody else writes to it, a file is theirs to look after', async (t) => {
  const dataDir = copy(t)
  const path = join(dataDir, 'bars.mdb')
  /** Somebody makes a commit as soon as a page is read. */
  class Written extends PageFile {
    override page (number: number): Page {
      rewrite(dataDir, (bytes) => {
        for (const meta of [0, PAGE]) bytes.writeUInt32LE(bytes.readUInt32LE(meta + 152) + 2, meta + 152)
        return bytes.fill(0, 2 * PAGE)
      })
      return super.page(number)
    }
  }
  const file = new Written(path, () => PAGE)
  checkPages(file)
  file.close()
  t.throws(() => { checkFile(path) }, { code: 'KLP_ERR_DAMAGED' })
})

t.test('of a long file only the pages are looked at that a start reads, and those that lead to others', async (t) => {
  const dataDir = copy(t)
  const pages = pagesOf(dataDir)
  const path = join(dataDir, 'bars.mdb')
  const numberOf = (kind: string): number => pages.find((page) => page.table === 'bars' && page.kind === kind)?.number as number
  rewritePage(dataDir, numberOf('leaf'), (page) => { page.writeUInt16LE(0, 24) })
  t.throws(() => { checkFile(path) }, { code: 'KLP_ERR_DAMAGED', message: /has entries that are not inside it/ })
  truncateSync(path, 2 ** 28)
  checkFile(path)
  const file = openSync(path, 'r+')
  writeSync(file, Buffer.alloc(PAGE), 0, PAGE, numberOf('branch') * PAGE)
  closeSync(file)
  t.throws(() => { checkFile(path) }, { code: 'KLP_ERR_DAMAGED' })
})

t.test('what is no damage is an error of its own', (t) => {
  t.throws(() => ifReadable(() => { throw new TypeError('a bug') }), TypeError)
  t.equal(ifReadable(() => { throw new BadPage(1, 'is gone') }), undefined)
  t.end()
})

t.test('a page that the disk does not give is one that can not be read', (t) => {
  const file = new PageFile(join(copy(t), 'bars.mdb'), () => PAGE)
  t.throws(() => file.page(2 ** 50), { message: /^page \d+ can't be read \(ERR_OUT_OF_RANGE\)$/ })
  t.equal(file.longValueAt(2 ** 50), 0)
  file.close()
  t.end()
})
