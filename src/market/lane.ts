import type { Bucket } from './bucket.ts'
import type { Rung } from './ladder.ts'
import type { OpenBars } from './open.ts'
import type { Period } from './period.ts'

/** Which closed bars of a key: open times from `start` up to, not including, `end`; at most `limit`, the newest if `newest`. */
export interface Span { readonly start: number, readonly end: number, readonly limit: number, readonly newest: boolean }

/** The closed bars of one key and its durable events, wherever they are kept. */
export interface History {
  /** Bars that open before this time have been let go of. -Infinity: none. */
  readonly floor: number
  at (time: number): Bucket | undefined
  /** Ascending. */
  range (span: Span): Bucket[]
  /** Adds a bar or replaces the one that opens at the same time, which is the durable event `bucket.seq`. */
  put (bucket: Bucket): void
  /** The same for a bar of an import, which is no event of its own. */
  fill (bucket: Bucket): void
  /** The durable events after `seq`, each with the bar as it was then; ascending, at most `limit`. */
  eventsAfter (seq: number, limit: number): Bucket[]
}

/** What a lane shares with the others of its contract, and its own history. */
export interface LaneParts { readonly shorter: readonly Lane[], readonly openBars: OpenBars, readonly history: History }

/** Everything about one key `contract.period`: its closed bars, and the bar that is still open. */
export class Lane {
  readonly key: string
  readonly period: Period
  /** Which one of its contract's lanes it is. */
  readonly place: number
  /** The lane whose bars make up the bars of this one. */
  readonly source: Lane
  readonly history: History
  /** For how long before the frontier bars are kept. */
  readonly keepMs: number
  /** How many durable events (a close, a revision, an import) the key has had. */
  seq = 0
  /** The `seq` of the newest import: what came before it can't be told as events. */
  resetSeq = 0
  /** The open time of the newest closed bar. */
  newest = -Infinity
  readonly #openBars: OpenBars

  constructor (symbol: string, { period, place, source, keepMs }: Rung, { shorter, openBars, history }: LaneParts) {
    this.#openBars = openBars
    this.key = `${symbol}.${period}`
    this.period = period
    this.place = place
    this.source = shorter[source] ?? this
    this.history = history
    this.keepMs = keepMs
  }

  /** The unfinished bar as it is now. */
  get open (): Bucket | undefined {
    return this.#openBars.get(this.place)
  }

  set open (bucket: Bucket | undefined) {
    this.#openBars.set(this.place, bucket)
  }

  /** Closed bars and the open one, ascending. */
  range (span: Span): Bucket[] {
    const { open } = this
    if (open === undefined || open.time >= span.end || open.time < span.start) return this.history.range(span)
    if (span.newest) return [...this.history.range({ ...span, end: open.time, limit: span.limit - 1 }), open]
    const bars = this.history.range({ ...span, end: open.time })
    if (bars.length < span.limit) bars.push(open)
    return bars
  }

  /** The newest bar, open or closed. */
  current (): Bucket | undefined {
    return this.open ?? this.history.at(this.newest)
  }
}
