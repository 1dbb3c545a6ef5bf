import { type Static, Type } from '@sinclair/typebox'
import { KlineError } from '../errors.ts'
import { SYMBOL, SymbolSchema } from '../market/bar.ts'
import { isPeriod, type Period, PERIODS } from '../market/period.ts'
import type { Query } from '../store/store.ts'
import { describe } from './describe.ts'
import { Maybe } from './maybe.ts'

const DEFAULT_LIMIT = 500

export const KlineQuerySchema = Type.Object({
  symbol: SymbolSchema,
  period: Type.Union(PERIODS.map((period) => Type.Literal(period)), { description: 'One that the server offers', examples: ['5m'] }),
  start: Maybe(Type.Integer({ description: 'The first open time, UTC milliseconds; with it the first `limit` bars from there, else the newest' })),
  end: Maybe(Type.Integer({ description: 'The open time before which they end, UTC milliseconds; at least `start`' })),
  limit: Maybe(Type.Integer({ minimum: 1, description: `How many bars at most, up to \`maxBarsPerQuery\`; ${DEFAULT_LIMIT} if left out, or \`maxBarsPerQuery\` if that is less` })),
}, { additionalProperties: false })

/** Bars to read: open times from `start` (inclusive) to `end` (exclusive), UTC milliseconds; with `start` the first `limit`, else the newest. */
export type KlineQuery = Static<typeof KlineQuerySchema>

/** @throws KLP_ERR_QUERY that names the parameter and the value */
export function parseQuery ({ symbol, period, start, end, limit }: KlineQuery, { periods, maxLimit }: { periods: readonly Period[], maxLimit: number }): Query {
  if (typeof symbol !== 'string' || !SYMBOL.test(symbol)) throw refusal('symbol', '1 to 64 visible ASCII characters without space, *, ? or "', symbol)
  if (typeof period !== 'string' || !isPeriod(period) || !periods.includes(period)) throw refusal('period', `one of ${periods.join(' ')}`, period)
  if (start !== undefined && !Number.isSafeInteger(start)) throw refusal('start', 'an integer (UTC milliseconds)', start)
  if (end !== undefined && !Number.isSafeInteger(end)) throw refusal('end', 'an integer (UTC milliseconds)', end)
  if (start !== undefined && end !== undefined && start > end) throw refusal('start', `at most \`end\` (${end})`, start)
  if (limit !== undefined && !(Number.isInteger(limit) && limit >= 1 && limit <= maxLimit)) throw refusal('limit', `an integer from 1 to ${maxLimit}`, limit)
  return { symbol, period, start, end, limit: limit ?? Math.min(DEFAULT_LIMIT, maxLimit) }
}

/** The same query as text, as URLs have it. Numbers are plain decimal integers. */
export function parseQueryText ({ start, end, limit, ...query }: Record<string, unknown>): KlineQuery {
  for (const name of Object.keys(query)) {
    // Without the value: it may be a token, and errors are logged.
    if (name !== 'symbol' && name !== 'period') throw new KlineError('KLP_ERR_QUERY', `Expected \`${name}\` to be absent: there is no such parameter`)
  }
  return { ...query as unknown as KlineQuery, start: parseInteger(start), end: parseInteger(end), limit: parseInteger(limit) }
}

/** What isn't an integer goes on as it is, and is refused by name. */
function parseInteger (text: unknown): number | undefined {
  return typeof text === 'string' && /^-?\d{1,16}$/.test(text) ? Number(text) : text as number | undefined
}

function refusal (name: string, expected: string, value: unknown): KlineError {
  return new KlineError('KLP_ERR_QUERY', `Expected \`${name}\` to be ${expected}, got ${describe(value)}`)
}
