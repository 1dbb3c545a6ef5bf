import fc from 'fast-check'
import t from 'tap'
import { LAST_MINUTE } from '../../src/market/period.ts'
import { decodeEntries, encodeEntries } from '../../src/store/record.ts'
import { anyMinute, minute } from '../fixture/minutes.ts'

t.test('entries come back as they were written', async (t) => {
  const symbol = fc.stringMatching(/^[!#-)+->@-~]{1,64}$/)
  const entry = fc.tuple(anyMinute, symbol).map(([minute, symbol]) => ({ ...minute, symbol }))
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
