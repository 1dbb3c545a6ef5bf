import t from 'tap'
import { parseMinutes } from '../../src/wire/minutes.ts'

const BAR = { symbol: 'a', time: 0, open: 10, high: 12, low: 9, close: 11, volume: 5 }

t.test('what is given away is taken as it is, and refused as well', async (t) => {
  const given = { symbol: 'a', time: 0, open: 1, high: 1, low: 1, close: 1, volume: 1 }
  const [taken, other] = parseMinutes([given, { ...given }], { owned: true })
  t.equal(taken, given)
  t.not(other, given)
  t.equal(parseMinutes(given, { owned: true })[0], given)
  t.throws(() => parseMinutes([given, JSON.parse('{"symbol":"a","time":0,"open":1,"high":1,"low":1,"close":1,"volume":1,"__proto__":{}}')], { owned: true }), { code: 'KLP_ERR_BAR', message: /^bar 1: Expected no field `__proto__`/ })
})

t.test('what comes back is ours: later changes to what went in don\'t reach it', async (t) => {
  const given = { ...BAR, turnover: 1, trades: 2, openInterest: 3 }
  const before = { ...given }
  const [taken] = parseMinutes([given])
  given.close = 99
  t.strictSame(taken, before)
})

t.test('prices may be negative, and a bar may be flat', async (t) => {
  const flat = { ...BAR, open: -37.63, high: -37.63, low: -37.63, close: -37.63, volume: 0 }
  t.strictSame(parseMinutes(flat), [flat])
})

t.test('a hole in an array, or a number that is none, is refused', async (t) => {
  // eslint-disable-next-line no-sparse-arrays
  t.throws(() => parseMinutes([BAR, , BAR]), { code: 'KLP_ERR_BAR', message: 'bar 1: Expected a bar, got nothing' })
  for (const bad of [NaN, Infinity, -Infinity]) t.throws(() => parseMinutes({ ...BAR, open: bad }), { code: 'KLP_ERR_BAR', message: `bar 0: Expected \`open\` to be a finite number, got \`${bad}\` (number)` })
})
