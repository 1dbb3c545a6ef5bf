import type { Database, RootDatabase } from 'lmdb'
import type { Bucket } from '../market/bucket.ts'
import type { Contract } from '../market/contract.ts'
import type { Span } from '../market/lane.ts'
import { LAST_MINUTE, MINUTE, type Period, PERIODS } from '../market/period.ts'
import { decodeRow, encodeRow } from './row.ts'
import type { Tail } from './tail.ts'

type Bytes = Database<Buffer, Buffer>

const BINARY = { keyEncoding: 'binary', encoding: 'binary', cache: false } as const

// Minutes are numbered from two weeks before the epoch, because the week that holds the epoch opens before it.
const ORIGIN = 14 * 24 * 60
const LAST = ORIGIN + LAST_MINUTE / MINUTE + 1

/**
 * Bars on disk, clustered by key: symbol, zero, place of the period in `PERIODS`, minute in 6 bytes. Beside them a
 * row per contract says up to which entry of the log its bars go; both are written in one transaction.
 */
export class Archive {
  readonly #bars: Bytes
  readonly #contracts: Bytes

  constructor (root: RootDatabase) {
    this.#bars = root.openDB('bars', BINARY)
    this.#contracts = root.openDB('contracts', BINARY)
  }

  at (symbol: string, period: Period, time: number): Bucket | undefined {
    const row = this.#bars.get(barKey(symbol, period, minuteOf(time)))
    return row === undefined ? undefined : decodeRow(row)
  }

  /** Ascending. */
  range (symbol: string, period: Period, { start, end, limit, newest }: Span): Bucket[] {
    const from = minuteOf(start)
    const to = minuteOf(end)
    if (from >= to || limit <= 0) return []
    const bounds = newest
      ? { start: barKey(symbol, period, to - 1), end: barKey(symbol, period, from - 1), reverse: true }
      : { start: barKey(symbol, period, from), end: barKey(symbol, period, to) }
    const bars: Bucket[] = []
    for (const { value } of this.#bars.getRange(limit === Infinity ? bounds : { ...bounds, limit })) bars.push(decodeRow(value))
    return newest ? bars.reverse() : bars
  }

  /** To be called inside a transaction: what a contract has that is not here yet. */
  put (contract: Contract): void {
    const state = new Float64Array(3 + 2 * contract.lanes.length)
    state.set([contract.position, contract.first, contract.frontier])
    contract.lanes.forEach((lane, i) => {
      for (const bucket of (lane.history as Tail).unarchived()) this.#put(contract.symbol, lane.period, bucket)
      if (lane.open !== undefined) this.#put(contract.symbol, lane.period, lane.open)
      state.set([lane.seq, lane.open === undefined ? NaN : lane.open.time], 3 + 2 * i)
    })
    this.#contracts.put(Buffer.from(contract.symbol, 'latin1'), Buffer.from(state.buffer))
  }

  /** Brings every contract back to where it was when it was put here. */
  load (contractOf: (symbol: string) => Contract): void {
    for (const { key, value } of this.#contracts.getRange()) {
      const symbol = key.toString('latin1')
      const contract = contractOf(symbol)
      const [position, first, frontier, ...lanes] = new Float64Array(new Uint8Array(value).buffer)
      Object.assign(contract, { position, first, frontier })
      contract.lanes.forEach((lane, i) => {
        lane.seq = lanes[2 * i]
        const open = lanes[2 * i + 1]
        if (!Number.isNaN(open)) lane.open = this.at(symbol, lane.period, open)
      })
    }
  }

  #put (symbol: string, period: Period, bucket: Bucket): void {
    this.#bars.put(barKey(symbol, period, minuteOf(bucket.time)), encodeRow(bucket))
  }
}

function minuteOf (time: number): number {
  return Math.min(Math.max(Math.ceil(time / MINUTE) + ORIGIN, 1), LAST + 1)
}

function barKey (symbol: string, period: Period, minute: number): Buffer {
  const key = Buffer.allocUnsafe(symbol.length + 8)
  key.write(symbol, 'latin1')
  key[symbol.length] = 0
  key[symbol.length + 1] = PERIODS.indexOf(period)
  key.writeUIntBE(minute, symbol.length + 2, 6)
  return key
}
