import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { utcCalendar } from '../../src/market/calendar.ts'
import { createLadder } from '../../src/market/ladder.ts'
import { MINUTE, PERIODS } from '../../src/market/period.ts'
import { createLmdbStore } from '../../src/store/lmdb.ts'
import { minute, run } from '../fixture/minutes.ts'
import { drip, fill, shown, storeSpec } from '../fixture/store-spec.ts'

const ladder = createLadder(utcCalendar, PERIODS)
const symbol = 'BTCUSDT'

storeSpec(t, 'lmdb', async (t) => await createLmdbStore(ladder, { dataDir: t.testdir() }))
storeSpec(t, 'lmdb that archives all the time', async (t) => await createLmdbStore(ladder, { dataDir: t.testdir(), archiveEvery: 3, onArchiveError: (err) => { t.error(err) } }))

for (const archiveEvery of [1, 3, 7, 65_536]) {
  t.test(`after a restart everything is as it was, archiving every ${archiveEvery} entries`, async (t) => {
    const options = { dataDir: t.testdir(), archiveEvery, onArchiveError: (err: unknown) => { t.error(err) } }
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
  const whole = await createLmdbStore(ladder, { dataDir: t.testdir({}) })
  await drip(whole, minutes)
  const { keys } = shown(whole, [symbol]) as { keys: { position: { seq: number }, bars: unknown }[] }
  const dataDir = join(t.testdirName, 'stopped')
  for (let i = 0; i < 80; i += 10) {
    const store = await createLmdbStore(ladder, { dataDir, archiveEvery: 4 })
    await drip(store, minutes.slice(i, i + 10))
    await store.close()
  }
  const stopped = await createLmdbStore(ladder, { dataDir })
  const other = shown(stopped, [symbol]) as { keys: { position: { seq: number }, bars: unknown }[] }
  t.same(other.keys.map(({ position: { seq }, bars }) => ({ seq, bars })), keys.map(({ position: { seq }, bars }) => ({ seq, bars })))
  await stopped.close()
  await whole.close()
})

t.test('a directory made with other periods is refused, and is left as it was', async (t) => {
  const dataDir = t.testdir()
  const store = await createLmdbStore(ladder, { dataDir })
  await fill(store, run(5))
  await store.close()
  await t.rejects(createLmdbStore(createLadder(utcCalendar, ['1m', '5m']), { dataDir }), { code: 'KLP_ERR_INCOMPATIBLE', message: /periods/ })
  await t.rejects(createLmdbStore(createLadder({ ...utcCalendar, name: 'sessions' }, PERIODS), { dataDir }), { code: 'KLP_ERR_INCOMPATIBLE', message: /calendar/ })
  const again = await createLmdbStore(ladder, { dataDir })
  t.equal(again.epoch, store.epoch)
  t.equal(again.position(symbol, '1m').seq, 5)
  await again.close()
})

t.test('a directory that is open is refused, and goes on to serve its owner', async (t) => {
  const dataDir = t.testdir()
  const store = await createLmdbStore(ladder, { dataDir })
  await t.rejects(createLmdbStore(ladder, { dataDir }), { code: 'KLP_ERR_IN_USE' })
  await fill(store, run(5))
  t.equal(store.position(symbol, '1m').seq, 5)
  await store.close()
  const again = await createLmdbStore(ladder, { dataDir })
  t.equal(again.position(symbol, '1m').seq, 5)
  await again.close()
})

t.test('a directory may have a long path', { skip: process.platform !== 'linux' }, async (t) => {
  const dataDir = join(t.testdir(), 'd'.repeat(60), 'e'.repeat(60))
  mkdirSync(dataDir, { recursive: true })
  t.ok(dataDir.length > 100)
  const store = await createLmdbStore(ladder, { dataDir })
  await t.rejects(createLmdbStore(ladder, { dataDir }), { code: 'KLP_ERR_IN_USE' })
  await fill(store, run(2))
  await store.close()
  const again = await createLmdbStore(ladder, { dataDir })
  t.equal(again.position(symbol, '1m').seq, 2)
  await again.close()
})

t.test('every minute is in reach', async (t) => {
  const store = await createLmdbStore(ladder, { dataDir: t.testdir() })
  await fill(store, run(1, { from: 1e12 - 1e12 % MINUTE }))
  t.ok(store.reaches(symbol, 0))
  await store.close()
})
