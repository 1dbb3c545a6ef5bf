import t from 'tap'
import { utcCalendar } from '../../src/market/calendar.ts'
import { createLadder } from '../../src/market/ladder.ts'
import { MINUTE, PERIODS } from '../../src/market/period.ts'
import { createMemoryStore } from '../../src/store/memory.ts'
import { run } from '../fixture/minutes.ts'
import { drip, fill, KEEP_FOR_SPEC, storeSpec } from '../fixture/store-spec.ts'

const ladder = createLadder(utcCalendar, PERIODS)
const symbol = 'BTCUSDT'

storeSpec(t, 'memory', async () => createMemoryStore(ladder, { bars: 2000, keepEvents: KEEP_FOR_SPEC }))

t.test('keeps the newest bars of each key, at most an eighth more', async (t) => {
  const store = createMemoryStore(ladder, { bars: 16 })
  for (let i = 0; i < 200; i++) {
    await fill(store, run(1, { from: i * MINUTE }))
    const kept = store.buckets({ symbol, period: '1m', limit: 1000 })
    if (kept.length > 18 || kept.length < Math.min(i + 1, 16) || kept[kept.length - 1].time !== i * MINUTE) t.fail(`${kept.length} bars after ${i + 1}`)
  }
  t.equal(store.buckets({ symbol, period: '1m', start: 0, limit: 1 })[0].time >= 182 * MINUTE, true)
  t.equal(store.position(symbol, '1m').seq, 200)
})

t.test('does not reach minutes whose bars it let go of', async (t) => {
  const store = createMemoryStore(createLadder(utcCalendar, ['1m', '3m']), { bars: 16 })
  await drip(store, run(100))
  const [oldest] = store.buckets({ symbol, period: '1m', start: 0, limit: 1 })
  t.notOk(store.reaches(symbol, 0))
  t.notOk(store.reaches(symbol, oldest.time - MINUTE))
  t.ok(store.reaches(symbol, oldest.time + 2 * MINUTE), 'the bar of three minutes begins at the oldest minute or later')
  t.ok(store.reaches(symbol, 99 * MINUTE))
  t.ok(store.reaches(symbol, 1000 * MINUTE))
  t.ok(store.reaches('other', 0))
})

t.test('lets go of bars only after a whole batch', async (t) => {
  const store = createMemoryStore(createLadder(utcCalendar, ['1m', '3m']), { bars: 16 })
  const minutes = run(100)
  await fill(store, [...minutes.slice(3), ...minutes.slice(0, 3)])
  t.equal(store.buckets({ symbol, period: '1m', limit: 1000 }).length, 16)
  t.equal(store.buckets({ symbol, period: '3m', start: 0, limit: 1 })[0].volume, 0.3)
})

t.test('forgets everything with the process: each store has an epoch of its own', async (t) => {
  t.not(createMemoryStore(ladder, { bars: 16 }).epoch, createMemoryStore(ladder, { bars: 16 }).epoch)
})
