import type { Bucket } from '../market/bucket.ts'
import type { Pool } from './pool.ts'
import type { DiskRow } from './row.ts'
import { Rows } from './rows.ts'

/**
 * The newest closed bars of one key, in memory, and its newest durable events. The event that made a bar what it is
 * is the bar itself; only those that a bar does not show any more are kept beside it.
 */
export class Recent {
  readonly bars: Rows
  readonly #pool: Pool
  #past: Rows | undefined

  constructor (pool: Pool) {
    this.#pool = pool
    this.bars = new Rows(pool)
  }

  get empty (): boolean {
    return this.bars.length === 0 && this.#past === undefined
  }

  /** How many events there are that no bar shows. */
  get pastLength (): number {
    return this.#past?.length ?? 0
  }

  /** A bar that is the durable event `bucket.seq`. */
  put (bucket: Bucket): void {
    const before = this.bars.put(bucket)
    if (before !== undefined) this.#keep(before)
  }

  /** The events after `seq`, ascending, at most `limit`. */
  eventsAfter (seq: number, limit: number): Bucket[] {
    const { bars } = this
    const events = this.#past?.range({ start: seq + 1, end: Infinity, limit: Infinity, newest: false }) ?? []
    for (let place = 0; place < bars.length; place++) if (bars.seqAt(place) > seq) events.push(bars.get(place))
    return events.sort((a, b) => a.seq - b.seq).slice(0, limit)
  }

  /** All bars, and the events after `seq`, ascending, as they go to disk: a bar's event has the same bytes. */
  encode (seq: number): { bars: DiskRow[], events: DiskRow[] } {
    const bars: DiskRow[] = []
    const events: DiskRow[] = []
    if (this.#past !== undefined) for (let place = this.#past.place(seq + 1); place < this.#past.length; place++) events.push(this.#past.encode(place))
    for (let place = 0; place < this.bars.length; place++) bars.push(this.bars.encode(place))
    for (const bar of bars) if (bar.seq > seq) events.push(bar)
    return { bars, events: events.sort((a, b) => a.seq - b.seq) }
  }

  /** Lets go of all that is not newer than this event. */
  dropThrough (seq: number): void {
    this.bars.filter((place) => this.bars.seqAt(place) > seq)
    this.dropEventsThrough(seq)
  }

  /** Keeps the newest bars, but of the others still the events after `seq`, and no older events. */
  keepNewest (count: number, seq: number): void {
    const first = Math.max(0, this.bars.length - count)
    for (let place = 0; place < first; place++) if (this.bars.seqAt(place) > seq) this.#keep(this.bars.get(place))
    this.bars.filter((place) => place >= first)
    this.dropEventsThrough(seq)
  }

  dropEventsThrough (seq: number): void {
    const past = this.#past
    if (past === undefined) return
    past.filter((place) => past.seqAt(place) > seq)
    if (past.length === 0) this.#past = undefined
  }

  #keep (event: Bucket): void {
    this.#past ??= new Rows(this.#pool, 'seq')
    this.#past.put(event)
  }
}
