import type { Bucket, WideSums } from '../market/bucket.ts'
import type { Span } from '../market/lane.ts'
import { packRow, ROW, unpackRow } from './row.ts'

/** Bars of one key in time order, packed into doubles: a tenth of what objects take, and nothing to collect. */
export class Rows {
  length = 0
  #doubles = new Float64Array(0)
  readonly #wide = new Map<number, WideSums>()

  /** The place of the first bar that opens at or after `time`. */
  place (time: number): number {
    let low = 0
    let high = this.length
    if (high > 0 && this.timeAt(high - 1) < time) return high // what comes is nearly always the newest
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.timeAt(middle) < time) low = middle + 1
      else high = middle
    }
    return low
  }

  timeAt (place: number): number {
    return this.#doubles[place * ROW]
  }

  get (place: number): Bucket {
    return unpackRow(this.#doubles, place * ROW, this.#wide.get(this.timeAt(place)))
  }

  at (time: number): Bucket | undefined {
    const place = this.place(time)
    return place < this.length && this.timeAt(place) === time ? this.get(place) : undefined
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
    const place = this.place(bucket.time)
    if (place === this.length || this.timeAt(place) !== bucket.time) {
      this.#grow()
      this.#doubles.copyWithin((place + 1) * ROW, place * ROW, this.length * ROW)
      this.length++
    }
    packRow(bucket, this.#doubles, place * ROW)
    if (bucket.wide === undefined) this.#wide.delete(bucket.time)
    else this.#wide.set(bucket.time, bucket.wide)
  }

  /** Keeps the bars that `keeps` wants, in place. */
  filter (keeps: (bar: { time: number, seq: number }, place: number) => boolean): void {
    let kept = 0
    for (let place = 0; place < this.length; place++) {
      const at = place * ROW
      const time = this.#doubles[at]
      if (!keeps({ time, seq: this.#doubles[at + 11] }, place)) {
        this.#wide.delete(time)
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
