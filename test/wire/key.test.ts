import t from 'tap'
import { PERIODS } from '../../src/market/period.ts'
import { parseKey } from '../../src/wire/key.ts'

t.test('a key splits at its last dot', async (t) => {
  t.strictSame(parseKey('rb2601.1m', PERIODS), { key: 'rb2601.1m', symbol: 'rb2601', period: '1m' })
  t.strictSame(parseKey('SHFE.rb2601.1M', PERIODS), { key: 'SHFE.rb2601.1M', symbol: 'SHFE.rb2601', period: '1M' })
  t.strictSame(parseKey('1m.1m', PERIODS), { key: '1m.1m', symbol: '1m', period: '1m' })
  t.match(parseKey('..1m', PERIODS), { symbol: '.', period: '1m' })
})

t.test('what is not a key is named, with the reason', async (t) => {
  for (const key of ['', '.', '.1m', 'rb2601', 'a b.1m', 'a*.1m', 'a?.1m', 'a".1m', '螺纹.1m', 'a\n.1m', `${'x'.repeat(65)}.1m`]) {
    t.match(parseKey(key, PERIODS), { key, code: 'BAD_KEY', message: /contract\.period/ }, JSON.stringify(key))
  }
  for (const key of ['a.', 'a.7m', 'a.1D', 'a.toString']) t.match(parseKey(key, PERIODS), { key, code: 'UNKNOWN_PERIOD' }, key)
  t.match(parseKey('a.5m', ['1m', '1h']), { code: 'UNKNOWN_PERIOD', message: /one of 1m 1h, got `5m`/ })
})

t.test('a contract of 64 characters, with any other visible sign, is one', async (t) => {
  const symbol = `!#$%&'()+,-./:;<=>@[\\]^_\`{|}~${'x'.repeat(35)}`
  t.equal(symbol.length, 64)
  t.match(parseKey(`${symbol}.1d`, PERIODS), { symbol, period: '1d' })
})
