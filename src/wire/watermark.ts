import { type Static, type TUnsafe, Type } from '@sinclair/typebox'
import { KlineError } from '../errors.ts'
import { SYMBOL, SymbolSchema } from '../market/bar.ts'
import { MINUTE } from '../market/period.ts'
import type { Watermark } from '../store/entry.ts'
import { describe } from './describe.ts'
import { Maybe } from './maybe.ts'

export const MAX_SYMBOLS = 10_000

const symbols = Type.Array(SymbolSchema, { minItems: 1, maxItems: MAX_SYMBOLS, description: 'The contracts that it is about; all if left out' })

export const WatermarkSchema = Type.Object({
  time: Type.Integer({ minimum: 0, multipleOf: MINUTE, description: 'UTC milliseconds, on a minute and not in the future' }),
  symbols: Maybe(symbols as unknown as TUnsafe<readonly string[]>),
}, { additionalProperties: false, description: 'Every minute that opens before `time` has been sent', examples: [{ time: 1_767_596_400_000 }] })

/** The word that every minute that opens before `time` (UTC milliseconds, on a minute) has been sent: of these symbols, or of all. */
export type WatermarkInput = Readonly<Static<typeof WatermarkSchema>>

export const ClosedSchema = Type.Object({
  closed: Type.Integer({ minimum: 0, description: 'How many bars it closed' }),
}, { $id: 'kline-push/closed', additionalProperties: false, description: 'How many open bars have ended', examples: [{ closed: 3 }] })

/** @throws KLP_ERR_WATERMARK that names the field and the value */
export function parseWatermark (input: unknown, now: number): Watermark {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) throw refusal('a watermark to be an object', input)
  const { time, symbols, ...others } = input as { time?: unknown, symbols?: unknown }
  const [other] = Object.entries(others)
  if (other !== undefined) throw refusal(`no field \`${other[0]}\``, other[1])
  if (typeof time !== 'number' || !Number.isInteger(time) || time < 0 || time % MINUTE !== 0) throw refusal(`\`time\` to be an integer multiple of ${MINUTE} (UTC milliseconds)`, time)
  if (time > now) throw refusal(`\`time\` to be at most the server's time (${now})`, time)
  if (symbols === undefined) return { kind: 'watermark', time }
  if (!Array.isArray(symbols) || symbols.length === 0 || symbols.length > MAX_SYMBOLS) throw refusal(`\`symbols\` to be an array of 1 to ${MAX_SYMBOLS}`, symbols)
  symbols.forEach((symbol: unknown, index) => {
    if (typeof symbol !== 'string' || !SYMBOL.test(symbol)) throw refusal(`\`symbols[${index}]\` to be 1 to 64 visible ASCII characters without space, *, ? or "`, symbol)
  })
  return { kind: 'watermark', time, symbols: [...symbols as string[]] }
}

function refusal (expected: string, value: unknown): KlineError {
  return new KlineError('KLP_ERR_WATERMARK', `Expected ${expected}, got ${describe(value)}`)
}
