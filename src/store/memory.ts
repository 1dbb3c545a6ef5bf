import type { Bucket } from '../market/bucket.ts'
import type { Ladder } from '../market/ladder.ts'
import type { History, Span } from '../market/lane.ts'
import { newEpoch } from './epoch.ts'
import { Book } from './book.ts'
import { Rows } from './rows.ts'
import type { Store } from './store.ts'

/** Keeps at least the newest `bars` bars of each key, at most an eighth more, and forgets them with the process. */
export function createMemoryStore (ladder: Ladder, { bars }: { bars: number }): Store {
  const overfull = new Set<BoundedHistory>()
  const book = new Book(ladder, () => new BoundedHistory(bars, overfull))
  const epoch = newEpoch()
  return {
    epoch,
    periods: ladder.rungs.map(({ period }) => period),
    async * apply (entries) {
      yield * book.apply(entries)
      for (const history of overfull) history.trim() // not sooner: a batch may hold minutes in any order
      overfull.clear()
    },
    reaches: (symbol, time) => book.reaches(symbol, time),
    position: (symbol, period) => ({ epoch, seq: book.seq(symbol, period) }),
    buckets: (query) => book.buckets(query),
    symbols: () => book.symbols(),
    get size () { return book.contracts.size },
    async close () {},
  }
}

class BoundedHistory implements History {
  floor = -Infinity
  readonly #rows = new Rows()
  readonly #bound: number
  readonly #overfull: Set<BoundedHistory>

  constructor (bound: number, overfull: Set<BoundedHistory>) {
    this.#bound = bound
    this.#overfull = overfull
  }

  at (time: number): Bucket | undefined {
    return this.#rows.at(time)
  }

  range (span: Span): Bucket[] {
    return this.#rows.range(span)
  }

  put (bucket: Bucket): void {
    this.#rows.put(bucket)
    if (this.#rows.length > this.#bound + (this.#bound >>> 3)) this.#overfull.add(this)
  }

  trim (): void {
    const first = this.#rows.length - this.#bound
    this.floor = this.#rows.timeAt(first)
    this.#rows.filter((_, place) => place >= first)
  }
}
