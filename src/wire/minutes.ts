import { Type } from '@sinclair/typebox'
import { TypeCompiler, type ValueError } from '@sinclair/typebox/compiler'
import { KlineError } from '../errors.ts'
import { type MinuteBar, MinuteBarSchema } from '../market/bar.ts'
import { describe } from './describe.ts'

/** How many minutes may come at once, if nothing else is said. */
export const MAX_BATCH = 10_000

/** One bar, or some. */
export const MinutesSchema = Type.Union([MinuteBarSchema, Type.Array(MinuteBarSchema, { minItems: 1, maxItems: MAX_BATCH })])

const validator = TypeCompiler.Compile(MinuteBarSchema)

/** Whose bars they are: those that their maker gives away are not copied. */
export interface Ownership { readonly owned?: boolean }

export interface MinutesOptions extends Ownership {
  /** How many may come at once. @default 10000 */
  readonly most?: number
}

/**
 * What a producer may send: one bar or an array of them. Nothing is coerced, and what comes back is ours:
 * later changes to what went in don't reach it, unless it was `owned`.
 *
 * @throws KLP_ERR_BATCH, or KLP_ERR_BAR that names the first bad bar's index, the field and the value
 */
export function parseMinutes (input: unknown, { owned = false, most = MAX_BATCH }: MinutesOptions = {}): MinuteBar[] {
  if (typeof input !== 'object' || input === null) throw new KlineError('KLP_ERR_BATCH', `Expected one bar or an array of 1 to ${most} bars, got ${describe(input)}`)
  if (!Array.isArray(input)) return [parseMinute(input, 0, owned)]
  if (input.length === 0 || input.length > most) {
    throw new KlineError('KLP_ERR_BATCH', `Expected one bar or an array of 1 to ${most} bars, got an array of ${input.length}`)
  }
  return Array.from(input, (minute, index) => parseMinute(minute, index, owned))
}

function parseMinute (input: unknown, index: number, owned: boolean): MinuteBar {
  if (!validator.Check(input)) throw new KlineError('KLP_ERR_BAR', `bar ${index}: ${firstProblem(input)}`)
  const { symbol, time, open, high, low, close, volume, turnover, trades, openInterest } = input
  const lowest = Math.min(open, close)
  const highest = Math.max(open, close)
  if (low > lowest) throw new KlineError('KLP_ERR_BAR', `bar ${index}: Expected \`low\` to be at most \`open\` and \`close\` (${lowest}), got ${describe(low)}`)
  if (high < highest) throw new KlineError('KLP_ERR_BAR', `bar ${index}: Expected \`high\` to be at least \`open\` and \`close\` (${highest}), got ${describe(high)}`)
  if (owned) return input
  const minute: MinuteBar = { symbol, time, open, high, low, close, volume }
  if (turnover !== undefined) minute.turnover = turnover
  if (trades !== undefined) minute.trades = trades
  if (openInterest !== undefined) minute.openInterest = openInterest
  return minute
}

const EXPECTED: Record<string, string> = {
  symbol: '1 to 64 visible ASCII characters without space, *, ? or "',
  time: 'an integer multiple of 60000 from 0 to 8.64e15 (UTC milliseconds)',
  volume: 'a finite number from 0 up',
}

function firstProblem (input: unknown): string {
  const error = validator.Errors(input).First() as ValueError
  const field = error.path.slice(1).replaceAll('~1', '/').replaceAll('~0', '~')
  if (error.path === '') return `Expected a bar, got ${describe(input)}`
  if (!Object.hasOwn(MinuteBarSchema.properties, field)) return `Expected no field \`${field}\`, got ${describe(error.value)}`
  return `Expected \`${field}\` to be ${EXPECTED[field] ?? 'a finite number'}, got ${describe(error.value)}`
}
