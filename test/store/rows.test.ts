import fc from 'fast-check'
import t from 'tap'
import { Bucket } from '../../src/market/bucket.ts'
import { MINUTE } from '../../src/market/period.ts'
import { decodeRow, encodeRow } from '../../src/store/row.ts'
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
    const rows = new Rows()
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
  const rows = new Rows()
  t.equal(rows.at(0), undefined)
  t.same(rows.range(ALL), [])
  rows.put(bucket(1))
  t.equal(rows.at(0), undefined)
  t.equal(rows.at(2 * MINUTE), undefined)
})

t.test('filter keeps what is wanted, with its wide sums', async (t) => {
  const rows = new Rows()
  for (let n = 0; n < 10; n++) rows.put(n % 3 === 0 ? wide(n) : bucket(n))
  rows.filter((_, place) => place >= 4)
  t.same(times(rows.range(ALL)), [4, 5, 6, 7, 8, 9])
  t.same(rows.at(9 * MINUTE), wide(9))
  rows.filter(({ seq }) => seq > 5)
  t.same(times(rows.range(ALL)), [7, 8])
  rows.put(bucket(6))
  t.equal(rows.at(6 * MINUTE)?.wide, undefined, 'nothing is left of the sums of a bar that went')
  rows.filter(() => false)
  t.equal(rows.length, 0)
  rows.put(bucket(3))
  t.same(times(rows.range(ALL)), [3])
})

t.test('a bar without wide sums takes the place of one with them', async (t) => {
  const rows = new Rows()
  rows.put(wide(1))
  rows.put(bucket(1))
  t.same(rows.at(MINUTE), bucket(1))
})

t.test('a row on disk comes back as the bar that it was', async (t) => {
  fc.assert(fc.property(fc.array(anyMinute, { minLength: 1, maxLength: 5 }), fc.boolean(), fc.nat(), (minutes, closed, seq) => {
    const [bar, ...parts] = minutes.map((minute) => Bucket.ofMinute(minute))
    for (const part of parts) bar.add(part)
    Object.assign(bar, { closed, seq, revision: seq % 7 })
    t.strictSame(decodeRow(encodeRow(bar)), bar)
  }))
})
