import fc from 'fast-check'
import t from 'tap'
import { utcCalendar } from '../../src/market/calendar.ts'
import { createLadder } from '../../src/market/ladder.ts'
import { MINUTE, PERIODS } from '../../src/market/period.ts'
import { Bucket } from '../../src/market/bucket.ts'
import { createMemoryStore } from '../../src/store/memory.ts'
import { Pool } from '../../src/store/pool.ts'
import { Recent } from '../../src/store/recent.ts'
import { minute, run } from '../fixture/minutes.ts'
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

t.test('as many events as it keeps can always be told, whatever is corrected and let go of in between', async (t) => {
  await fc.assert(fc.asyncProperty(fc.array(fc.record({ ahead: fc.integer({ min: -25, max: 3 }), close: fc.integer({ min: 9, max: 12 }) }), { minLength: 50, maxLength: 300 }), async (steps) => {
    const store = createMemoryStore(createLadder(utcCalendar, ['1m', '3m', '5m']), { bars: 20, keepEvents: 16 })
    const told = new Map<string, string[]>(store.periods.map((period) => [`${symbol}.${period}`, []]))
    let now = 100
    for (const { ahead, close } of steps) {
      const time = (now + ahead) * MINUTE
      now = Math.max(now, now + ahead + 1)
      if (!store.reaches(symbol, time)) continue
      for (const { key, seq, bucket } of (await fill(store, [minute(time, { close })])).events) if (seq > 0) told.get(key)?.push(JSON.stringify([seq, bucket.toBar()]))
      for (const period of store.periods) {
        const all = told.get(`${symbol}.${period}`) as string[]
        const from = Math.max(0, all.length - 16)
        const events = store.events({ symbol, period, seq: from, limit: 100 })?.map((bucket) => JSON.stringify([bucket.seq, bucket.toBar()]))
        if (String(events) !== String(all.slice(from))) throw new Error(`${period}: ${events} instead of ${all.slice(from)}`)
      }
    }
  }), { numRuns: 60 })
  t.pass()
})

t.test('a minute that is corrected without end takes no more memory than its bound', async (t) => {
  const pool = new Pool()
  const recent = new Recent(pool)
  for (let seq = 1; seq <= 1000; seq++) {
    const bar = Bucket.ofMinute(minute(0, { close: 9 + seq % 3 }))
    bar.seq = seq
    recent.put(bar)
    if (recent.pastLength > 18) recent.keepNewest(16, seq - 16)
  }
  t.equal(recent.bars.length, 1)
  t.ok(recent.pastLength <= 18)
  const store = createMemoryStore(ladder, { bars: 16 })
  for (let i = 0; i < 200; i++) await fill(store, [minute(0, { close: 9 + i % 3 })])
  t.equal(store.events({ symbol, period: '1m', seq: 200 - 16, limit: 100 })?.length, 16)
  t.equal(store.events({ symbol, period: '1m', seq: 200 - 17, limit: 100 }), undefined)
  t.ok(store.reaches(symbol, 0))
})
