import { type Static, Type } from '@sinclair/typebox'
import { LAST_MINUTE, MINUTE } from './period.ts'

/** 1–64 visible ASCII characters without `*`, `?` or `"`. Dots are allowed: a key splits at its last one. */
export const SYMBOL = /^[!#-)+->@-~]{1,64}$/

export const SymbolSchema = Type.String({ pattern: SYMBOL.source, description: '1 to 64 visible ASCII characters without space, *, ? or "', examples: ['rb2601'] })

const time = Type.Integer({ minimum: 0, maximum: LAST_MINUTE, multipleOf: MINUTE, description: 'Open time, UTC milliseconds, on a minute' })

const prices = {
  open: Type.Number(),
  high: Type.Number(),
  low: Type.Number(),
  close: Type.Number(),
  volume: Type.Number({ minimum: 0 }),
  turnover: Type.Optional(Type.Number({ description: 'Volume times price, summed' })),
  trades: Type.Optional(Type.Number({ description: 'How many trades' })),
  openInterest: Type.Optional(Type.Number({ description: 'Open contracts at the end of the bar' })),
}

/** A finished minute as producers send it. */
export const MinuteBarSchema = Type.Object({
  symbol: SymbolSchema,
  time,
  ...prices,
}, {
  $id: 'kline-push/minute-bar',
  additionalProperties: false,
  description: 'A finished minute: `low` is at most, and `high` at least, `open` and `close`',
  examples: [{ symbol: 'rb2601', time: 1_767_596_340_000, open: 3105, high: 3107, low: 3104, close: 3106, volume: 812 }],
})

export type MinuteBar = Static<typeof MinuteBarSchema>

/** A bar of any period as subscribers get it. */
export const BarSchema = Type.Object({
  time: Type.Integer({ description: 'Open time, UTC milliseconds' }),
  ...prices,
  closed: Type.Boolean({ description: 'Whether the period is over' }),
  revision: Type.Integer({ minimum: 0, description: 'How often the bar was corrected after it closed' }),
}, {
  $id: 'kline-push/bar',
  additionalProperties: false,
  description: 'A bar of any period',
  examples: [{ time: 1_767_596_340_000, open: 3105, high: 3107, low: 3104, close: 3106, volume: 812, closed: true, revision: 0 }],
})

export type Bar = Static<typeof BarSchema>
