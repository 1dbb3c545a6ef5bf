import fc from 'fast-check'
import t from 'tap'
import { Bucket } from '../../src/market/bucket.ts'
import { MINUTE } from '../../src/market/period.ts'
import { decodeRows, encodeRows } from '../../src/store/row.ts'
import { Pool } from '../../src/store/pool.ts'
import { Rows } from '../../src/store/rows.ts'
import { anyMinute, minute } from '../fixture/minutes.ts'

function bucket (n: number, seq = n): Bucket {
  const bar = Bucket.ofMinute(minute(n * MINUTE, { close: seq }))
  bar.seq = seq
  bar.closed = true
  return bar
}

function wide (n: number): Bucket {
  const bar = Bucket.ofMinute(minute(n * MINUTE, { volume: 1234567890.1234567 }))
  bar.add(Bucket.ofMinute(minute(n * MINUTE, { volume: 0.00000001, trades: 2 })))
  return bar
}

const ALL = { start: -Infinity, end: Infinity, limit: Infinity, newest: false }
const times = (bars: readonly Bucket[]): number[] => bars.map(({ time }) => time / MINUTE)

t.test('rows hold what a sorted map would', async (t) => {
  const put = fc.tuple(fc.nat(30), fc.nat(1000))
  const edge = fc.oneof(fc.integer({ min: -2, max: 33 }), fc.constantFrom(-Infinity, Infinity))
  fc.assert(fc.property(fc.array(put, { maxLength: 60 }), edge, edge, fc.integer({ min: 1, max: 40 }), fc.boolean(), (puts, start, end, limit, newest) => {
    const rows = new Rows(new Pool())
    const map = new Map<number, number>()
    for (const [n, seq] of puts) {
      rows.put(bucket(n, seq))
      map.set(n, seq)
    }
    const sorted = [...map].sort(([a], [b]) => a - b)
    const inside = sorted.filter(([n]) => n >= start && n < end)
    const expected = newest ? inside.slice(-limit) : inside.slice(0, limit)
    const found = rows.range({ start: start * MINUTE, end: end * MINUTE, limit, newest })
    if (rows.length !== map.size) return false
    if (sorted.some(([n, seq]) => rows.at(n * MINUTE)?.seq !== seq)) return false
    return JSON.stringify(found.map(({ time, seq }) => [time / MINUTE, seq])) === JSON.stringify(expected)
  }), { numRuns: 500 })
  t.pass()
})

t.test('there is no bar where none was put', async (t) => {
  const rows = new Rows(new Pool())
  t.equal(rows.at(0), undefined)
  t.same(rows.range(ALL), [])
  rows.put(bucket(1))
  t.equal(rows.at(0), undefined)
  t.equal(rows.at(2 * MINUTE), undefined)
})

t.test('filter keeps what is wanted, with its wide sums', async (t) => {
  const rows = new Rows(new Pool())
  for (let n = 0; n < 10; n++) rows.put(n % 3 === 0 ? wide(n) : bucket(n))
  rows.filter((place) => place >= 4)
  t.same(times(rows.range(ALL)), [4, 5, 6, 7, 8, 9])
  t.same(rows.at(9 * MINUTE), wide(9))
  rows.filter((place) => rows.seqAt(place) > 5)
  t.same(times(rows.range(ALL)), [7, 8])
  rows.put(bucket(6))
  t.equal(rows.at(6 * MINUTE)?.wide, undefined, 'nothing is left of the sums of a bar that went')
  rows.filter(() => false)
  t.equal(rows.length, 0)
  rows.put(bucket(3))
  t.same(times(rows.range(ALL)), [3])
})

t.test('a bar without wide sums takes the place of one with them', async (t) => {
  const rows = new Rows(new Pool())
  rows.put(wide(1))
  rows.put(bucket(1))
  t.same(rows.at(MINUTE), bucket(1))
})

t.test('rows on disk come back as the bars that they were', async (t) => {
  const anyBar = fc.tuple(fc.array(anyMinute, { minLength: 1, maxLength: 5 }), fc.boolean(), fc.nat()).map(([minutes, closed, seq]) => {
    const [bar, ...parts] = minutes.map((minute) => Bucket.ofMinute(minute))
    for (const part of parts) bar.add(part)
    return Object.assign(bar, { closed, seq, revision: seq % 7 })
  })
  fc.assert(fc.property(fc.array(anyBar, { maxLength: 20 }), (bars) => {
    t.strictSame(decodeRows(encodeRows(bars)), bars)
  }))
})

t.test('what is put in the place of a bar gives that bar back', async (t) => {
  const rows = new Rows(new Pool())
  t.equal(rows.put(bucket(1, 1)), undefined)
  t.equal(rows.put(bucket(0, 2)), undefined)
  t.strictSame(rows.put(bucket(1, 3)), bucket(1, 1))
  t.equal(rows.at(MINUTE)?.seq, 3)
})

t.test('rows of many keys share a pool, whatever comes and goes', async (t) => {
  const pool = new Pool()
  const keys = Array.from({ length: 7 }, () => new Rows(pool))
  const model = keys.map(() => new Map<number, Bucket>())
  let random = 1
  for (let i = 0; i < 20_000; i++) {
    random = (random * 48_271) % 2_147_483_647
    const key = random % 7
    const n = (random >>> 4) % 500
    if (random % 1000 === 0) {
      keys[key].filter((place) => place % 3 === 0)
      model[key] = new Map([...model[key]].sort(([a], [b]) => a - b).filter((_, place) => place % 3 === 0))
    } else {
      const bar = i % 5 === 0 ? wide(n) : bucket(n, i)
      keys[key].put(bar)
      model[key].set(bar.time, bar)
    }
  }
  for (const [key, rows] of keys.entries()) t.strictSame(rows.range(ALL), [...model[key].values()].sort((a, b) => a.time - b.time))
})

t.test('by seq, bars are in order of their events', async (t) => {
  const rows = new Rows(new Pool(), 'seq')
  for (const [n, seq] of [[5, 1], [3, 2], [5, 3]]) rows.put(bucket(n, seq))
  t.strictSame(times(rows.range(ALL)), [5, 3, 5])
  t.strictSame(times(rows.range({ ...ALL, start: 2 })), [3, 5])
})
