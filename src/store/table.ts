import type { RootDatabase } from 'lmdb'
import type { Bucket } from '../market/bucket.ts'
import type { Span } from '../market/lane.ts'
import { LAST_MINUTE, MINUTE, type Period } from '../market/period.ts'
import { Clustered, rowKey } from './clustered.ts'
import { decodeRows, type DiskRow } from './row.ts'
import type { View } from './view.ts'

// Minutes are numbered from two weeks before the epoch, because the week that holds the epoch opens before it.
const ORIGIN = 14 * 24 * 60
const LAST = ORIGIN + LAST_MINUTE / MINUTE + 1

/** Closed bars on disk, in order of time. */
export class Table extends Clustered {
  constructor (root: RootDatabase, view: View) {
    super(root, 'bars', view)
  }

  at (symbol: string, period: Period, time: number): Bucket | undefined {
    const row = this.rows.get(rowKey(symbol, period, numberOf(time)), this.view)
    return row === undefined ? undefined : decodeRows(row)[0]
  }

  /** Ascending. */
  range (symbol: string, period: Period, { start, end, limit, newest }: Span): Bucket[] {
    const from = numberOf(start)
    const to = numberOf(end)
    if (from >= to || limit <= 0) return []
    const bounds = newest
      ? { start: rowKey(symbol, period, to - 1), end: rowKey(symbol, period, from - 1), reverse: true }
      : { start: rowKey(symbol, period, from), end: rowKey(symbol, period, to) }
    const bars: Bucket[] = []
    for (const { value } of this.rows.getRange({ ...bounds, ...this.view, ...(limit === Infinity ? undefined : { limit }) })) bars.push(...decodeRows(value))
    return newest ? bars.reverse() : bars
  }

  put (symbol: string, period: Period, { time, bytes }: DiskRow): void {
    this.rows.put(rowKey(symbol, period, numberOf(time)), bytes)
  }

  /** Removes the oldest bars that open before `time`, at most `limit`; whether that were all. */
  prune (symbol: string, period: Period, { time, limit }: { time: number, limit: number }): boolean {
    return this.removeOldest(symbol, period, { before: numberOf(time), limit })
  }
}

/** A whole number of 6 bytes, 1 or more, that grows with time. */
export function numberOf (time: number): number {
  return Math.min(Math.max(Math.ceil(time / MINUTE) + ORIGIN, 1), LAST + 1)
}

/** The open time of the bar with this number. */
export function timeOf (number: number): number {
  return (number - ORIGIN) * MINUTE
}
