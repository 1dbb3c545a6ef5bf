import type { Bucket } from '../market/bucket.ts'
import type { Span } from '../market/lane.ts'
import type { Pool } from './pool.ts'
import type { DiskRow } from './row.ts'

/** Where a row has the number by which rows are in order. */
const COLUMNS = { time: 0, seq: 11 } as const

/** Bars of one key in order of their time (or `seq`): the numbers of their rows in a pool. */
export class Rows {
  readonly #pool: Pool
  readonly #order: keyof typeof COLUMNS
  readonly #column: number
  readonly #rows: number[] = []

  constructor (pool: Pool, order: keyof typeof COLUMNS = 'time') {
    this.#pool = pool
    this.#order = order
    this.#column = COLUMNS[order]
  }

  get length (): number {
    return this.#rows.length
  }

  /** The place of the first bar whose time (or `seq`) is at least this. */
  place (order: number): number {
    let low = 0
    let high = this.length
    if (high > 0 && this.orderAt(high - 1) < order) return high // what comes is nearly always the newest
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.orderAt(middle) < order) low = middle + 1
      else high = middle
    }
    return low
  }

  orderAt (place: number): number {
    return this.#pool.column(this.#rows[place], this.#column)
  }

  seqAt (place: number): number {
    return this.#pool.column(this.#rows[place], COLUMNS.seq)
  }

  get (place: number): Bucket {
    return this.#pool.get(this.#rows[place])
  }

  encode (place: number): DiskRow {
    const row = this.#rows[place]
    return { time: this.#pool.column(row, COLUMNS.time), seq: this.seqAt(place), bytes: this.#pool.encode(row) }
  }

  at (order: number): Bucket | undefined {
    const place = this.place(order)
    return place < this.length && this.orderAt(place) === order ? this.get(place) : undefined
  }

  range ({ start, end, limit, newest }: Span): Bucket[] {
    let from = this.place(start)
    let to = this.place(end)
    if (newest) from = Math.max(from, to - limit)
    else to = Math.min(to, from + limit)
    const bars: Bucket[] = []
    for (let place = from; place < to; place++) bars.push(this.get(place))
    return bars
  }

  /** Adds a bar or replaces the one of the same time (or `seq`), which comes back. */
  put (bucket: Bucket): Bucket | undefined {
    const order = bucket[this.#order]
    const place = this.place(order)
    const row = this.#pool.add(bucket)
    if (place === this.length) {
      this.#rows.push(row)
    } else if (this.orderAt(place) !== order) {
      this.#rows.splice(place, 0, row)
    } else {
      const before = this.get(place)
      this.#pool.free(this.#rows[place])
      this.#rows[place] = row
      return before
    }
    return undefined
  }

  /** Keeps the places that `keeps` wants. */
  filter (keeps: (place: number) => boolean): void {
    let kept = 0
    for (let place = 0; place < this.#rows.length; place++) {
      if (keeps(place)) this.#rows[kept++] = this.#rows[place]
      else this.#pool.free(this.#rows[place])
    }
    this.#rows.length = kept
  }
}
