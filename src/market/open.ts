import { Bucket, type WideSums } from './bucket.ts'
import { addExact, scaleOf } from './decimal.ts'

/** A bar's numbers, in the order of the constructor of `Bucket`: time end open high low close volume turnover trades openInterest. */
const WIDTH = 10
const END = 1
const HIGH = 3
const LOW = 4
const CLOSE = 5
const VOLUME = 6
const TURNOVER = 7
const TRADES = 8
const OPEN_INTEREST = 9

/** How many decimals the amounts of a minute have, which is the same for every bar that it falls into. */
export interface Scales { readonly volume: number, readonly turnover: number, readonly trades: number }

export function scalesOf ({ volume, turnover, trades }: Bucket): Scales {
  return { volume: scaleOf(volume), turnover: scaleOf(turnover), trades: scaleOf(trades) }
}

/**
 * The unfinished bars of one contract, side by side: a minute falls into nearly all of them, and fifteen objects
 * with ten numbers each would be read from as many places in memory. NaN as the end: there is no bar.
 */
export class OpenBars {
  readonly #rows: Float64Array
  #wide: (WideSums | undefined)[] | undefined

  constructor (count: number) {
    this.#rows = new Float64Array(count * WIDTH).fill(NaN)
  }

  /** The first minute after the bar; NaN: there is none. */
  end (place: number): number {
    return this.#rows[place * WIDTH + END]
  }

  get (place: number): Bucket | undefined {
    const [time, end, open, high, low, close, volume, turnover, trades, openInterest] = this.#rows.subarray(place * WIDTH, (place + 1) * WIDTH)
    return Number.isNaN(end) ? undefined : new Bucket(time, end, { open, high, low, close, volume, turnover, trades, openInterest, wide: this.#wide?.[place] })
  }

  set (place: number, bucket: Bucket | undefined): void {
    const at = place * WIDTH
    if (bucket === undefined) {
      this.#rows[at + END] = NaN
    } else {
      this.begin(place, bucket, bucket)
    }
    if (bucket?.wide !== undefined) this.#wide ??= []
    if (this.#wide !== undefined) this.#wide[place] = bucket?.wide
  }

  /** A bar that has this part so far. Its sums are not wide. */
  begin (place: number, { time, end }: { time: number, end: number }, first: Bucket): void {
    const rows = this.#rows
    const at = place * WIDTH
    rows[at] = time
    rows[at + END] = end
    rows[at + 2] = first.open
    rows[at + HIGH] = first.high
    rows[at + LOW] = first.low
    rows[at + CLOSE] = first.close
    rows[at + VOLUME] = first.volume
    rows[at + TURNOVER] = first.turnover
    rows[at + TRADES] = first.trades
    rows[at + OPEN_INTEREST] = first.openInterest
  }

  /** What `Bucket.add` does, in place. */
  add (place: number, part: Bucket, scales: Scales): void {
    const rows = this.#rows
    const at = place * WIDTH
    const volume = addExact(rows[at + VOLUME], part.volume, scales.volume)
    const turnover = addPresent(rows[at + TURNOVER], part.turnover, scales.turnover)
    const trades = addPresent(rows[at + TRADES], part.trades, scales.trades)
    if (this.#wide?.[place] !== undefined || volume === Infinity || turnover === Infinity || trades === Infinity) {
      this.#addWide(place, part)
      return
    }
    if (part.high > rows[at + HIGH]) rows[at + HIGH] = part.high
    if (part.low < rows[at + LOW]) rows[at + LOW] = part.low
    rows[at + CLOSE] = part.close
    rows[at + VOLUME] = volume
    rows[at + TURNOVER] = turnover
    rows[at + TRADES] = trades
    if (!Number.isNaN(part.openInterest)) rows[at + OPEN_INTEREST] = part.openInterest
  }

  #addWide (place: number, part: Bucket): void {
    const bucket = this.get(place) as Bucket
    bucket.add(part)
    this.set(place, bucket)
  }
}

function addPresent (a: number, b: number, scale: number): number {
  if (Number.isNaN(a)) return b
  return Number.isNaN(b) ? a : addExact(a, b, scale)
}
