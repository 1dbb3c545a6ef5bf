import { open } from 'lmdb'
import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { utcCalendar } from '../../src/market/calendar.ts'
import { createLadder } from '../../src/market/ladder.ts'
import { PERIODS } from '../../src/market/period.ts'
import { checkFile } from '../../src/store/damage.ts'
import { createLmdbStore } from '../../src/store/lmdb.ts'
import { run } from '../fixture/minutes.ts'
import { drip } from '../fixture/store-spec.ts'

function openStore (dataDir: string) {
  return createLmdbStore(createLadder(utcCalendar, PERIODS), { dataDir, archiveEvery: 10, onArchiveError (err) { throw err } })
}

t.test('a file that is damaged is refused with its name and how, whatever is wrong with it', async (t) => {
  const dataDir = t.testdir()
  const path = join(dataDir, 'bars.mdb')
  checkFile(path)
  const store = await openStore(dataDir)
  await drip(store, run(300))
  await store.close()
  checkFile(path)
  const whole = readFileSync(path)
  const refused = async (how: RegExp) => {
    await t.rejects(openStore(dataDir), { code: 'KLP_ERR_DAMAGED', message: new RegExp(`${path}.*${how.source}`) }, how.source)
  }
  for (const size of [100, 4096, 8192, Math.floor(whole.length / 2), whole.length - 1]) {
    writeFileSync(path, whole)
    truncateSync(path, size)
    await refused(size < 8192 ? /does not begin as/ : new RegExp(`it has ${size} bytes of`))
  }
  for (const text of ['yes', 'no '.repeat(50_000), '\0'.repeat(200_000)]) {
    writeFileSync(path, text)
    await refused(/does not begin as/)
  }
  writeFileSync(path, whole)
  const again = await openStore(dataDir)
  t.equal(again.position('BTCUSDT', '1m').seq, 300)
  await again.close()
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
  await t.rejects(openStore(other), { code: 'EISDIR' })
  const locked = t.testdir({ 'not-a-directory': '' })
  t.throws(() => { checkFile(join(locked, 'not-a-directory', 'bars.mdb')) }, { code: 'ENOTDIR' })
})
