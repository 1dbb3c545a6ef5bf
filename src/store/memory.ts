import type { Bucket } from '../market/bucket.ts'
import type { Ladder } from '../market/ladder.ts'
import type { History, Span } from '../market/lane.ts'
import { Book } from './book.ts'
import { Clerk } from './clerk.ts'
import type { Entry } from './entry.ts'
import { newEpoch } from './epoch.ts'
import { Pool } from './pool.ts'
import { BookReads } from './reads.ts'
import { Recent } from './recent.ts'
import { type Applied, KEEP_EVENTS, type Retention, type Store } from './store.ts'

export interface MemoryOptions extends Retention {
  /** How many bars of each key are kept at least. */
  readonly bars: number
}

/** Keeps at least the newest `bars` bars (and events) of each key, at most an eighth more, and forgets them with the process. */
export function createMemoryStore (ladder: Ladder, { bars, keepEvents = KEEP_EVENTS }: MemoryOptions): Store {
  const overfull = new Set<BoundedHistory>()
  const events = Math.min(keepEvents, bars)
  const pool = new Pool()
  return new MemoryStore(new Book(ladder, { keepEvents: events, history: () => new BoundedHistory({ bars, events, pool, overfull }) }), overfull)
}

class MemoryStore extends BookReads implements Store {
  readonly #clerk: Clerk
  readonly #overfull: Set<BoundedHistory>

  constructor (book: Book, overfull: Set<BoundedHistory>) {
    super(book, newEpoch())
    this.#clerk = new Clerk(book)
    this.#overfull = overfull
  }

  async * apply (entries: readonly Entry[], onDurable = () => {}): AsyncGenerator<Applied> {
    onDurable()
    yield * this.#clerk.apply(entries)
    for (const history of this.#overfull) history.trim() // not sooner: a batch may hold minutes in any order
    this.#overfull.clear()
  }

  async close (): Promise<void> {}
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
