import type { Bar, MinuteBar } from './bar.ts'
import { addDecimal, addExact, type Decimal, toDecimal, toNumber } from './decimal.ts'
import { MINUTE } from './period.ts'

/** The sums of a bar whose decimals are too long for a double; undefined where no minute had the field. */
export interface WideSums {
  readonly volume: Decimal
  readonly turnover: Decimal | undefined
  readonly trades: Decimal | undefined
}

/**
 * One bar while minutes fall into it, and the bar itself once it is closed (it never changes after that).
 * Fields that no minute had are NaN, so that every bucket has one shape.
 */
export class Bucket {
  readonly time: number
  /** The first minute after the bar. */
  readonly end: number
  open: number
  high: number
  low: number
  close: number
  volume: number
  turnover: number
  trades: number
  openInterest: number
  wide: WideSums | undefined = undefined
  closed = false
  revision = 0
  /** The durable event that made the bar what it is; 0 while it is open. */
  seq = 0

  constructor (time: number, end: number, first: Readonly<Pick<Bucket, 'open' | 'high' | 'low' | 'close' | 'volume' | 'turnover' | 'trades' | 'openInterest' | 'wide'>>) {
    this.time = time
    this.end = end
    this.open = first.open
    this.high = first.high
    this.low = first.low
    this.close = first.close
    this.volume = first.volume
    this.turnover = first.turnover
    this.trades = first.trades
    this.openInterest = first.openInterest
    this.wide = first.wide
  }

  static ofMinute (minute: MinuteBar): Bucket {
    const { time, open, high, low, close, volume, turnover = NaN, trades = NaN, openInterest = NaN } = minute
    return new Bucket(time, time + MINUTE, { open, high, low, close, volume, turnover, trades, openInterest, wide: undefined })
  }

  /** Takes in the next part of this bar. Parts come in time order and are never taken back. */
  add (part: Bucket): void {
    if (part.high > this.high) this.high = part.high
    if (part.low < this.low) this.low = part.low
    this.close = part.close
    if (!Number.isNaN(part.openInterest)) this.openInterest = part.openInterest
    const volume = addExact(this.volume, part.volume)
    const turnover = addPresent(this.turnover, part.turnover)
    const trades = addPresent(this.trades, part.trades)
    if (this.wide !== undefined || part.wide !== undefined || volume === Infinity || turnover === Infinity || trades === Infinity) {
      this.#addWide(part)
      return
    }
    this.volume = volume
    this.turnover = turnover
    this.trades = trades
  }

  /** Whether a minute says what this one-minute bar says. */
  equals (minute: Bucket): boolean {
    return this.open === minute.open && this.high === minute.high && this.low === minute.low && this.close === minute.close &&
      this.volume === minute.volume && same(this.turnover, minute.turnover) && same(this.trades, minute.trades) &&
      same(this.openInterest, minute.openInterest)
  }

  toBar (): Bar {
    return {
      time: this.time,
      open: this.open,
      high: this.high,
      low: this.low,
      close: this.close,
      volume: this.volume,
      ...(Number.isNaN(this.turnover) ? undefined : { turnover: this.turnover }),
      ...(Number.isNaN(this.trades) ? undefined : { trades: this.trades }),
      ...(Number.isNaN(this.openInterest) ? undefined : { openInterest: this.openInterest }),
      closed: this.closed,
      revision: this.revision,
    }
  }

  #addWide (part: Bucket): void {
    const a = wideSums(this)
    const b = wideSums(part)
    this.wide = {
      volume: addDecimal(a.volume, b.volume),
      turnover: addWhere(a.turnover, b.turnover),
      trades: addWhere(a.trades, b.trades),
    }
    this.volume = toNumber(this.wide.volume)
    this.turnover = this.wide.turnover === undefined ? NaN : toNumber(this.wide.turnover)
    this.trades = this.wide.trades === undefined ? NaN : toNumber(this.wide.trades)
  }
}

function wideSums (bucket: Bucket): WideSums {
  return bucket.wide ?? {
    volume: toDecimal(bucket.volume),
    turnover: Number.isNaN(bucket.turnover) ? undefined : toDecimal(bucket.turnover),
    trades: Number.isNaN(bucket.trades) ? undefined : toDecimal(bucket.trades),
  }
}

function addWhere (a: Decimal | undefined, b: Decimal | undefined): Decimal | undefined {
  return a === undefined || b === undefined ? a ?? b : addDecimal(a, b)
}

function addPresent (a: number, b: number): number {
  if (Number.isNaN(a)) return b
  return Number.isNaN(b) ? a : addExact(a, b)
}

function same (a: number, b: number): boolean {
  return a === b || (Number.isNaN(a) && Number.isNaN(b))
}
