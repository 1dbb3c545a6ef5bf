import { Value } from '@sinclair/typebox/value'
import t from 'tap'
import { type KlineQuery, PERIODS } from '../../src/index.ts'
import { KlineQuerySchema, parseQuery } from '../../src/wire/query.ts'

t.test('what its schema says is what is taken, but for what the server sets and how they go together', async (t) => {
  const parse = (query: object) => parseQuery(query as KlineQuery, { periods: PERIODS, maxLimit: 1000 })
  const query = { symbol: 'SHFE.rb2601', period: '5m' }
  for (const good of [query, { ...query, start: -60_000, end: 0, limit: 1 }, { ...query, start: undefined, limit: 1000 }]) {
    t.ok(Value.Check(KlineQuerySchema, good))
    t.ok(parse(good))
  }
  for (const bad of [{}, { period: '5m' }, { symbol: 'a' }, { ...query, symbol: 'a b' }, { ...query, symbol: 7 }, { ...query, period: '7m' }, { ...query, period: 5 }, { ...query, start: '0' }, { ...query, end: 0.5 }, { ...query, end: null }, { ...query, limit: 0 }, { ...query, limit: 1.5 }]) {
    t.notOk(Value.Check(KlineQuerySchema, bad), JSON.stringify(bad))
    t.throws(() => parse(bad), { code: 'KLP_ERR_QUERY' }, JSON.stringify(bad))
  }
})
