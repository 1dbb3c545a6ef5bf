import { type Static, Type } from '@sinclair/typebox'
import { LAST_MINUTE, MINUTE } from './period.ts'

/** 1–64 visible ASCII characters without `*`, `?` or `"`. Dots are allowed: a key splits at its last one. */
export const SYMBOL = /^[!#-)+->@-~]{1,64}$/

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
  symbol: Type.String({ pattern: SYMBOL.source, description: '1 to 64 visible ASCII characters without space, *, ? or "' }),
  time,
  ...prices,
}, { $id: 'kline-push/minute-bar', additionalProperties: false })

export type MinuteBar = Static<typeof MinuteBarSchema>

/** A bar of any period as subscribers get it. */
export const BarSchema = Type.Object({
  time: Type.Integer({ description: 'Open time, UTC milliseconds' }),
  ...prices,
  closed: Type.Boolean({ description: 'Whether the period is over' }),
  revision: Type.Integer({ minimum: 0, description: 'How often the bar was corrected after it closed' }),
}, { $id: 'kline-push/bar', additionalProperties: false })

export type Bar = Static<typeof BarSchema>
