import type { Bucket } from '../market/bucket.ts'
import type { Ladder } from '../market/ladder.ts'
import type { History, Span } from '../market/lane.ts'
import { Book } from './book.ts'
import { Clerk } from './clerk.ts'
import { newEpoch } from './epoch.ts'
import { Pool } from './pool.ts'
import { Recent } from './recent.ts'
import { KEEP_EVENTS, type Retention, type Store } from './store.ts'

export interface MemoryOptions extends Retention {
  /** How many bars of each key are kept at least. */
  readonly bars: number
}

/** Keeps at least the newest `bars` bars (and events) of each key, at most an eighth more, and forgets them with the process. */
export function createMemoryStore (ladder: Ladder, { bars, keepEvents = KEEP_EVENTS }: MemoryOptions): Store {
  const overfull = new Set<BoundedHistory>()
  const events = Math.min(keepEvents, bars)
  const pool = new Pool()
  const book = new Book(ladder, { keepEvents: events, history: () => new BoundedHistory({ bars, events, pool, overfull }) })
  const clerk = new Clerk(book)
  const epoch = newEpoch()
  return {
    epoch,
    periods: ladder.rungs.map(({ period }) => period),
    async * apply (entries) {
      yield * clerk.apply(entries)
      for (const history of overfull) history.trim() // not sooner: a batch may hold minutes in any order
      overfull.clear()
    },
    reaches: (symbol, time) => book.reaches(symbol, time),
    position: (symbol, period) => ({ epoch, seq: book.seq(symbol, period) }),
    buckets: (query) => book.buckets(query),
    events: (query) => book.events(query),
    open: (symbol, period) => book.open(symbol, period),
    symbols: () => book.symbols(),
    get size () { return book.contracts.size },
    async close () {},
  }
}

interface Bounds { readonly bars: number, readonly events: number, readonly pool: Pool, readonly overfull: Set<BoundedHistory> }

class BoundedHistory implements History {
  floor = -Infinity
  readonly #recent: Recent
  readonly #bounds: Bounds
  #seq = 0

  constructor (bounds: Bounds) {
    this.#bounds = bounds
    this.#recent = new Recent(bounds.pool)
  }

  at (time: number): Bucket | undefined {
    return this.#recent.bars.at(time)
  }

  range (span: Span): Bucket[] {
    return this.#recent.bars.range(span)
  }

  put (bucket: Bucket): void {
    this.#recent.put(bucket)
    this.#grew(bucket)
  }

  fill (bucket: Bucket): void {
    this.#recent.bars.put(bucket)
    this.#grew(bucket)
  }

  eventsAfter (seq: number, limit: number): Bucket[] {
    return this.#recent.eventsAfter(seq, limit)
  }

  trim (): void {
    const { bars, events } = this.#bounds
    const trimmed = this.#recent.bars.length > bars
    this.#recent.keepNewest(bars, this.#seq - events)
    if (trimmed) this.floor = this.#recent.bars.orderAt(0)
  }

  #grew ({ seq }: Bucket): void {
    const { bars, events, overfull } = this.#bounds
    this.#seq = seq
    if (this.#recent.bars.length > bars + (bars >>> 3) || this.#recent.pastLength > events + (events >>> 3)) overfull.add(this)
  }
}
