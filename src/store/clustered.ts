import type { Database, RootDatabase } from 'lmdb'
import { SYMBOL } from '../market/bar.ts'
import { type Period, PERIODS } from '../market/period.ts'
import type { View } from './view.ts'

/** How every table of ours is opened: bytes to bytes, and nothing kept in memory. */
export const BYTES_TO_BYTES = { keyEncoding: 'binary', encoding: 'binary', cache: false } as const

/** The largest number that a row can have. */
export const LAST_NUMBER = 2 ** 48 - 1

/** A table on disk whose rows are clustered by key and numbered within it. What writes has to be called inside a transaction. */
export abstract class Clustered {
  protected readonly rows: Database<Buffer, Buffer>
  protected readonly view: View

  constructor (root: RootDatabase, name: string, view: View) {
    this.rows = root.openDB(name, BYTES_TO_BYTES)
    this.view = view
  }

  /** Removes the oldest rows of a key whose number is below `before`, at most `limit`; whether that were all. */
  protected removeOldest (symbol: string, period: Period, { before, limit }: { before: number, limit: number }): boolean {
    const keys = [...this.rows.getKeys({ start: rowKey(symbol, period, 0), end: rowKey(symbol, period, before), limit })]
    for (const key of keys) this.rows.remove(key)
    return keys.length < limit
  }
}

/** Symbol, zero, place of the period in `PERIODS`, and the number in 6 bytes. */
export function rowKey (symbol: string, period: Period, number: number): Buffer {
  const key = Buffer.allocUnsafe(symbol.length + 8)
  key.write(symbol, 'latin1')
  key[symbol.length] = 0
  key[symbol.length + 1] = PERIODS.indexOf(period)
  key.writeUIntBE(number, symbol.length + 2, 6)
  return key
}

/** What `rowKey` made a key of; undefined: it did not make it. */
export function parseRowKey (key: Buffer): { symbol: string, period: Period, number: number } | undefined {
  const length = key.length - 8
  if (length < 1 || key[length] !== 0 || key[length + 1] >= PERIODS.length) return undefined
  const symbol = key.toString('latin1', 0, length)
  return SYMBOL.test(symbol) ? { symbol, period: PERIODS[key[length + 1]], number: key.readUIntBE(length + 2, 6) } : undefined
}
