import type { Bucket } from '../market/bucket.ts'
import type { Ladder } from '../market/ladder.ts'
import type { History, Span } from '../market/lane.ts'
import { Book } from './book.ts'
import { Clerk } from './clerk.ts'
import { newEpoch } from './epoch.ts'
import { Rows } from './rows.ts'
import { KEEP_EVENTS, type Retention, type Store } from './store.ts'

export interface MemoryOptions extends Retention {
  /** How many bars of each key are kept at least. */
  readonly bars: number
}

/** Keeps at least the newest `bars` bars (and events) of each key, at most an eighth more, and forgets them with the process. */
export function createMemoryStore (ladder: Ladder, { bars, keepEvents = KEEP_EVENTS }: MemoryOptions): Store {
  const overfull = new Set<BoundedHistory>()
  const events = Math.min(keepEvents, bars)
  const book = new Book(ladder, { keepEvents: events, history: () => new BoundedHistory({ bars, events, overfull }) })
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

interface Bounds { readonly bars: number, readonly events: number, readonly overfull: Set<BoundedHistory> }

class BoundedHistory implements History {
  floor = -Infinity
  readonly #bars = new Rows()
  readonly #events = new Rows('seq')
  readonly #bounds: Bounds

  constructor (bounds: Bounds) {
    this.#bounds = bounds
  }

  at (time: number): Bucket | undefined {
    return this.#bars.at(time)
  }

  range (span: Span): Bucket[] {
    return this.#bars.range(span)
  }

  put (bucket: Bucket): void {
    this.fill(bucket)
    this.#events.put(bucket)
    if (isOverfull(this.#events, this.#bounds.events)) this.#bounds.overfull.add(this)
  }

  fill (bucket: Bucket): void {
    this.#bars.put(bucket)
    if (isOverfull(this.#bars, this.#bounds.bars)) this.#bounds.overfull.add(this)
  }

  eventsAfter (seq: number, limit: number): Bucket[] {
    return this.#events.range({ start: seq + 1, end: Infinity, limit, newest: false })
  }

  trim (): void {
    const { bars, events } = this.#bounds
    if (isOverfull(this.#events, events)) this.#events.keepNewest(events)
    if (!isOverfull(this.#bars, bars)) return
    this.#bars.keepNewest(bars)
    this.floor = this.#bars.orderAt(0)
  }
}

function isOverfull (rows: Rows, bound: number): boolean {
  return rows.length > bound + (bound >>> 3)
}
