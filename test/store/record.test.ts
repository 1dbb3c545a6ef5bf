import fc from 'fast-check'
import t from 'tap'
import { LAST_MINUTE, MINUTE } from '../../src/market/period.ts'
import type { Entry } from '../../src/store/entry.ts'
import { decodeEntries, encodeEntries } from '../../src/store/record.ts'
import { anyMinute, minute } from '../fixture/minutes.ts'

t.test('entries come back as they were written', async (t) => {
  const symbol = fc.stringMatching(/^[!#-)+->@-~]{1,64}$/)
  const time = fc.nat(1e9).map((minutes) => minutes * MINUTE)
  const bar = fc.tuple(anyMinute, symbol).map(([minute, symbol]) => ({ ...minute, symbol }))
  const entry = fc.oneof(
    bar,
    fc.record({ kind: fc.constant('clock'), time }),
    fc.record({ kind: fc.constant('watermark'), time }),
    fc.record({ kind: fc.constant('watermark'), time, symbols: fc.array(symbol) }),
    fc.record({ kind: fc.constant('import'), symbol, minutes: fc.array(bar, { maxLength: 200 }) }),
  ).map((entry) => ({ ...entry }) as Entry)
  fc.assert(fc.property(fc.array(entry), (entries) => {
    t.strictSame(decodeEntries(encodeEntries(entries)), entries)
  }))
})

t.test('the ends of every range survive', async (t) => {
  const entries = [
    minute(LAST_MINUTE, { symbol: '~'.repeat(64), open: -Number.MAX_VALUE, high: Number.MAX_VALUE, low: 5e-324, turnover: 0, openInterest: -1 }),
    minute(0, { symbol: '!', trades: 1 }),
  ]
  t.strictSame(decodeEntries(encodeEntries(entries)), entries)
  t.strictSame(decodeEntries(encodeEntries([])), [])
})

t.test('a record of a kind that does not exist is refused', async (t) => {
  t.throws(() => decodeEntries(Buffer.from([9])), /Expected the kind of a journal entry to be 1 to 4, got 9/)
})
