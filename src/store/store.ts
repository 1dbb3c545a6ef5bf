import { type Static, Type } from '@sinclair/typebox'
import { BarSchema, SymbolSchema } from '../market/bar.ts'
import type { Bucket } from '../market/bucket.ts'
import type { Outcome } from '../market/contract.ts'
import type { Counts } from '../market/counts.ts'
import type { MarketEvent } from '../market/events.ts'
import type { Period } from '../market/period.ts'
import type { Entry } from './entry.ts'

/** How an entry fared: a minute, an import, or a watermark (how many open bars it closed). */
export type Result = Outcome | Counts | { readonly closed: number }

/** A part of what `apply` was given: how each entry fared, and what subscribers are to hear. */
export interface Applied { readonly results: readonly Result[], readonly events: readonly MarketEvent[] }

/** Where a key stands in its stream of durable events. */
export const PositionSchema = Type.Object({
  epoch: Type.String({ description: 'Names the data; another one when history is lost' }),
  seq: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'The number of the newest durable event of the key' }),
}, { $id: 'kline-push/position', additionalProperties: false, description: 'Where a key stands in its stream of durable events' })

export type Position = Readonly<Static<typeof PositionSchema>>

/** Open times from `start` (inclusive) to `end` (exclusive), UTC milliseconds; the first `limit` of them with `start`, else the newest. */
export interface Query { symbol: string, period: Period, start?: number | undefined, end?: number | undefined, limit: number }

/** The durable events of a key after `seq`, the first `limit` of them. */
export interface EventQuery { symbol: string, period: Period, seq: number, limit: number }

export const SymbolInfoSchema = Type.Object({
  symbol: SymbolSchema,
  firstTime: Type.Integer({ description: 'The oldest minute, UTC milliseconds' }),
  lastTime: Type.Integer({ description: 'The newest minute, UTC milliseconds' }),
  lastClose: Type.Number(),
}, { $id: 'kline-push/symbol-info', additionalProperties: false, description: 'A contract that there are bars of' })

export type SymbolInfo = Readonly<Static<typeof SymbolInfoSchema>>

export interface Retention {
  /** How many durable events of each key are kept for those who come back. @default 10000 */
  readonly keepEvents?: number
}

export const KEEP_EVENTS = 10_000

/**
 * The bars, to be read. Reads are synchronous and show only what is durable, so a snapshot and a place among the
 * subscribers, taken in one turn of the event loop, join without a gap.
 */
export interface Reads {
  /** Names the lineage of the data; made once with it. */
  readonly epoch: string
  /** Which periods are rolled up, ascending. */
  readonly periods: readonly Period[]
  /** Whether a minute is still within what the store can correct. */
  reaches (symbol: string, time: number): boolean
  position (symbol: string, period: Period): Position
  /** Ascending; the last one may be open. */
  buckets (query: Query): Bucket[]
  /** Each with the bar as it was then, ascending. Undefined: not all events after `seq` are kept, or it is still to come. */
  events (query: EventQuery): Bucket[] | undefined
  /** The bar of a key that is still open. */
  open (symbol: string, period: Period): Bucket | undefined
  symbols (): SymbolInfo[]
  has (symbol: string): boolean
  /** How many symbols there are. */
  readonly size: number
  close (): Promise<void>
}

/** What the log means: the bars. */
export interface Store extends Reads {
  /**
   * Makes all entries durable in one step, then rolls them up, a slice at a time so that the event loop goes on;
   * each slice is yielded as soon as reads show it. Throws before the first slice, with nothing changed, when the
   * entries can't be kept. Calls `onDurable` once between the two. One call at a time.
   */
  apply (entries: readonly Entry[], onDurable?: () => void): AsyncIterable<Applied>
}

export const KlinesSchema = Type.Object({
  key: Type.String(),
  ...PositionSchema.properties,
  bars: Type.Array(BarSchema, { description: 'Ascending; the last one may still be open' }),
}, { $id: 'kline-push/klines', additionalProperties: false, description: 'Bars of a key, and where the key stands' })

export type Klines = Readonly<Static<typeof KlinesSchema>>
