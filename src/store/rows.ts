import type { Bucket, WideSums } from '../market/bucket.ts'
import type { Span } from '../market/lane.ts'
import { packRow, ROW, unpackRow } from './row.ts'

/** Where a row has the number by which rows are in order. */
const COLUMNS = { time: 0, seq: 11 } as const

/** Bars of one key in order of their time (or `seq`), packed into doubles: a tenth of what objects take, and nothing to collect. */
export class Rows {
  length = 0
  readonly #column: number
  #doubles = new Float64Array(0)
  readonly #wide = new Map<number, WideSums>()

  constructor (order: keyof typeof COLUMNS = 'time') {
    this.#column = COLUMNS[order]
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
    return this.#doubles[place * ROW + this.#column]
  }

  get (place: number): Bucket {
    return unpackRow(this.#doubles, place * ROW, this.#wide.get(this.orderAt(place)))
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

  put (bucket: Bucket): void {
    const order = this.#column === COLUMNS.time ? bucket.time : bucket.seq
    const place = this.place(order)
    if (place === this.length || this.orderAt(place) !== order) {
      this.#grow()
      this.#doubles.copyWithin((place + 1) * ROW, place * ROW, this.length * ROW)
      this.length++
    }
    packRow(bucket, this.#doubles, place * ROW)
    if (bucket.wide === undefined) this.#wide.delete(order)
    else this.#wide.set(order, bucket.wide)
  }

  keepNewest (count: number): void {
    const first = this.length - count
    this.filter((_, place) => place >= first)
  }

  /** Keeps the bars that `keeps` wants, in place. */
  filter (keeps: (bar: { time: number, seq: number }, place: number) => boolean): void {
    let kept = 0
    for (let place = 0; place < this.length; place++) {
      const at = place * ROW
      if (!keeps({ time: this.#doubles[at + COLUMNS.time], seq: this.#doubles[at + COLUMNS.seq] }, place)) {
        this.#wide.delete(this.orderAt(place))
        continue
      }
      if (kept !== place) this.#doubles.copyWithin(kept * ROW, at, at + ROW)
      kept++
    }
    this.length = kept
    if (kept === 0) this.#doubles = new Float64Array(0)
  }

  #grow (): void {
    if ((this.length + 1) * ROW <= this.#doubles.length) return
    const grown = new Float64Array(Math.max(4, this.length * 2) * ROW)
    grown.set(this.#doubles)
    this.#doubles = grown
  }
}
