import t from 'tap'
import { Contracts } from '../../src/page/contracts.ts'
import { decimalsOf, formatBytes, formatChange, formatCount, formatDelay, formatDuration, formatPrice, formatTime, isIntraday } from '../../src/page/format.ts'
import { describeBar } from '../../src/page/legend.ts'
import { parsePlace, placeOf } from '../../src/page/place.ts'
import { quoteOf, quotePeriod } from '../../src/page/quote.ts'

const bar = { time: Date.UTC(2026, 0, 5, 9, 30), open: 100, high: 103.5, low: 99, close: 102, volume: 1234.5, closed: true, revision: 0 }

t.test('a price has as many decimals as it needs', async (t) => {
  for (const [price, decimals] of [[3125, 0], [3.25, 2], [-0.5, 1], [1e-7, 7], [1.25e-7, 9], [1e21, 0]]) t.equal(decimalsOf(price), decimals, String(price))
  t.equal(formatPrice(102, 1), '102.0')
  t.equal(formatPrice(1e-7, 7), '0.0000001')
  t.equal(formatPrice(1e-320, 320), (1e-320).toFixed(100), 'or as many as can be written')
})

t.test('a change has its sign, unless it is none that can be seen', async (t) => {
  t.strictSame([0.0125, -0.0125, 0, 0.00001, -0.00001].map(formatChange), ['+1.25 %', '-1.25 %', '0.00 %', '0.00 %', '0.00 %'])
})

t.test('times are UTC, and days have no minutes', async (t) => {
  t.equal(formatTime(bar.time, '5m'), '2026-01-05 09:30')
  t.equal(formatTime(bar.time, '12h'), '2026-01-05 09:30')
  t.equal(formatTime(bar.time, '1d'), '2026-01-05')
  t.equal(formatTime(8.64e15, '1M'), '+275760-09-13')
  t.strictSame(['1m', '1M', '1w', '4h'].map(isIntraday), [true, false, false, true])
})

t.test('a delay is short or long, or a market that is simulated is ahead', async (t) => {
  t.strictSame([120, 1500, 0, -400, -90_000, 7_300_000].map(formatDelay), ['120 ms', '1.5 s', '0 ms', '0 ms', '90.0 s ahead', '2 h'])
  t.strictSame([0.0005, 0.00123, 0.9, 119, 3600].map(formatDuration), ['0.5 ms', '1.2 ms', '900 ms', '119.0 s', '60 min'])
  t.strictSame([0, 1.2345e-8, 12.3456, 1234.5, 1e300].map(formatCount), ['0', '0.00000001235', '12.346', '1,235', '1.000e+300'])
  t.strictSame([0, 2048, 300 * 2 ** 20].map(formatBytes), ['0 KiB', '2 KiB', '300 MiB'])
})

t.test('a search finds what begins so, and then what has it anywhere', async (t) => {
  const contracts = new Contracts(['rb02', 'RB01', 'SHFE.rb1', 'hc1'].map((symbol) => ({ symbol, lastClose: 1 })))
  t.strictSame(contracts.search(' RB').map(({ symbol }) => symbol), ['RB01', 'rb02', 'SHFE.rb1'])
  t.strictSame(contracts.search('').map(({ symbol }) => symbol), ['hc1', 'RB01', 'rb02', 'SHFE.rb1'])
  t.strictSame(contracts.search('x'), [])
})

t.test('a place is said by the address, and read from it', async (t) => {
  const periods = ['1m', '5m']
  for (const symbol of ['rb2601', 'SHFE.rb2601', 'a/b#c%', '50%']) {
    t.strictSame(parsePlace(placeOf({ symbol, period: '5m' }), periods), { view: 'charts', key: { symbol, period: '5m' } })
  }
  t.strictSame(parsePlace('#operations', periods), { view: 'operations' })
  for (const hash of ['', '#/', '#/rb2601', '#/rb2601.7m', '#/%', '#elsewhere']) t.strictSame(parsePlace(hash, periods), { view: 'charts' }, hash)
})

t.test('a change is against the bar before, or of a single bar against its open', async (t) => {
  t.equal(quoteOf([]), undefined)
  t.strictSame(quoteOf([bar]), { close: 102, change: 102 / 100 - 1 })
  t.strictSame(quoteOf([{ ...bar, close: 204 }, bar]), { close: 102, change: -0.5 })
  t.strictSame(quoteOf([{ ...bar, close: -3 }, bar]), { close: 102, change: undefined }, 'what is not above zero has no fractions')
})

t.test('the bar before is the day before, or of the longest period below that is offered', async (t) => {
  t.equal(quotePeriod(['1m', '1h', '1d', '1M']), '1d')
  t.equal(quotePeriod(['1m', '1h', '12h']), '12h')
  t.equal(quotePeriod(['1m', '5m', '3d', '1M']), '5m')
})

t.test('a legend says what a bar has, and nothing of what it has not', async (t) => {
  t.strictSame(describeBar(bar, { decimals: 1, period: '5m' }), [
    ['Time', '2026-01-05 09:30'], ['Open', '100.0'], ['High', '103.5'], ['Low', '99.0'], ['Close', '102.0'], ['Change', '+2.00 %'], ['Volume', '1,235'], ['Bar', 'closed'],
  ])
  const more = { ...bar, open: -1, turnover: 5, trades: 3, openInterest: 12_345, closed: false, revision: 2 }
  t.strictSame(describeBar(more, { decimals: 0, period: '1d' }).slice(5), [['Volume', '1,235'], ['Turnover', '5'], ['Trades', '3'], ['Open interest', '12,345'], ['Bar', 'open, revision 2']])
})
