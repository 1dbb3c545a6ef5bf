import type { Database, RootDatabase } from 'lmdb'
import type { Bucket } from '../market/bucket.ts'
import type { Span } from '../market/lane.ts'
import { LAST_MINUTE, MINUTE, type Period, PERIODS } from '../market/period.ts'
import { decodeRow, encodeRow } from './row.ts'

/** How a table numbers its rows: a whole number of 6 bytes, 1 or more, that grows with time (or `seq`). */
export interface Numbering {
  readonly of: (order: number) => number
  readonly order: (bucket: Bucket) => number
}

// Minutes are numbered from two weeks before the epoch, because the week that holds the epoch opens before it.
const ORIGIN = 14 * 24 * 60
const LAST = ORIGIN + LAST_MINUTE / MINUTE + 1

export const BY_TIME: Numbering = {
  of: (time) => Math.min(Math.max(Math.ceil(time / MINUTE) + ORIGIN, 1), LAST + 1),
  order: ({ time }) => time,
}

export const BY_SEQ: Numbering = {
  of: (seq) => Math.min(Math.max(seq, 1), LAST + 1),
  order: ({ seq }) => seq,
}

/**
 * Bars on disk, clustered by key: symbol, zero, place of the period in `PERIODS`, number in 6 bytes. What writes has
 * to be called inside a transaction.
 */
export class Table {
  readonly #db: Database<Buffer, Buffer>
  readonly #numbering: Numbering

  constructor (root: RootDatabase, name: string, numbering: Numbering) {
    this.#db = root.openDB(name, { keyEncoding: 'binary', encoding: 'binary', cache: false })
    this.#numbering = numbering
  }

  at (symbol: string, period: Period, order: number): Bucket | undefined {
    const row = this.#db.get(rowKey(symbol, period, this.#numbering.of(order)))
    return row === undefined ? undefined : decodeRow(row)
  }

  /** Ascending. */
  range (symbol: string, period: Period, { start, end, limit, newest }: Span): Bucket[] {
    const from = this.#numbering.of(start)
    const to = this.#numbering.of(end)
    if (from >= to || limit <= 0) return []
    const bounds = newest
      ? { start: rowKey(symbol, period, to - 1), end: rowKey(symbol, period, from - 1), reverse: true }
      : { start: rowKey(symbol, period, from), end: rowKey(symbol, period, to) }
    const bars: Bucket[] = []
    for (const { value } of this.#db.getRange(limit === Infinity ? bounds : { ...bounds, limit })) bars.push(decodeRow(value))
    return newest ? bars.reverse() : bars
  }

  put (symbol: string, period: Period, bucket: Bucket): void {
    this.#db.put(rowKey(symbol, period, this.#numbering.of(this.#numbering.order(bucket))), encodeRow(bucket))
  }

  /** Removes the oldest rows that lie before `order`, at most `limit`; whether that were all. */
  prune (symbol: string, period: Period, { before, limit }: { before: number, limit: number }): boolean {
    const keys = [...this.#db.getKeys({ start: rowKey(symbol, period, 0), end: rowKey(symbol, period, this.#numbering.of(before)), limit })]
    for (const key of keys) this.#db.remove(key)
    return keys.length < limit
  }
}

function rowKey (symbol: string, period: Period, number: number): Buffer {
  const key = Buffer.allocUnsafe(symbol.length + 8)
  key.write(symbol, 'latin1')
  key[symbol.length] = 0
  key[symbol.length + 1] = PERIODS.indexOf(period)
  key.writeUIntBE(number, symbol.length + 2, 6)
  return key
}
