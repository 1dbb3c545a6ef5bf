import { Bucket, type WideSums } from '../market/bucket.ts'
import { formatDecimal, parseDecimal } from '../market/decimal.ts'

/**
 * A bar as numbers: `ROW` doubles in this order. NaN where no minute had the field.
 *
 *   time end open high low close volume turnover trades openInterest revision seq closed
 */
export const ROW = 13

export function packRow (bucket: Bucket, into: Float64Array, at: number): void {
  into[at] = bucket.time
  into[at + 1] = bucket.end
  into[at + 2] = bucket.open
  into[at + 3] = bucket.high
  into[at + 4] = bucket.low
  into[at + 5] = bucket.close
  into[at + 6] = bucket.volume
  into[at + 7] = bucket.turnover
  into[at + 8] = bucket.trades
  into[at + 9] = bucket.openInterest
  into[at + 10] = bucket.revision
  into[at + 11] = bucket.seq
  into[at + 12] = bucket.closed ? 1 : 0
}

export function unpackRow (from: Float64Array, at: number, wide: WideSums | undefined): Bucket {
  const bucket = new Bucket(from[at], from[at + 1], {
    open: from[at + 2],
    high: from[at + 3],
    low: from[at + 4],
    close: from[at + 5],
    volume: from[at + 6],
    turnover: from[at + 7],
    trades: from[at + 8],
    openInterest: from[at + 9],
    wide,
  })
  bucket.revision = from[at + 10]
  bucket.seq = from[at + 11]
  bucket.closed = from[at + 12] === 1
  return bucket
}

const DOUBLES = new Float64Array(ROW)
const BYTES = new Uint8Array(DOUBLES.buffer)
const LENGTH = BYTES.length + 2

/** A row as it goes to disk, and by what it is put in order. */
export interface DiskRow { readonly time: number, readonly seq: number, readonly bytes: Buffer }

/**
 * A row on disk: the doubles, little-endian as every machine that Node runs on, the length of what follows u16, and
 * that: the wide sums if there are any.
 */
export function encodeRow (from: Float64Array, at: number, wide: WideSums | undefined): Buffer {
  const text = wide === undefined ? '' : formatWide(wide)
  const row = Buffer.allocUnsafe(LENGTH + text.length)
  row.set(new Uint8Array(from.buffer, at * Float64Array.BYTES_PER_ELEMENT, BYTES.length))
  row.writeUInt16LE(text.length, BYTES.length)
  row.write(text, LENGTH, 'latin1')
  return row
}

/** Rows one after another. */
export function encodeRows (buckets: readonly Bucket[]): Buffer {
  return Buffer.concat(buckets.map((bucket) => {
    packRow(bucket, DOUBLES, 0)
    return encodeRow(DOUBLES, 0, bucket.wide)
  }))
}

export function decodeRows (rows: Buffer): Bucket[] {
  const buckets: Bucket[] = []
  for (let at = 0; at < rows.length;) {
    BYTES.set(rows.subarray(at, at + BYTES.length)) // a copy, because doubles must be read from a multiple of eight
    const from = at + LENGTH
    at = from + rows.readUInt16LE(from - 2)
    buckets.push(unpackRow(DOUBLES, 0, at === from ? undefined : parseWide(rows.toString('latin1', from, at))))
  }
  return buckets
}

function formatWide ({ volume, turnover, trades }: WideSums): string {
  return [volume, turnover, trades].map((sum) => sum === undefined ? '' : formatDecimal(sum)).join(' ')
}

function parseWide (text: string): WideSums {
  const [volume, turnover, trades] = text.split(' ')
  return {
    volume: parseDecimal(volume),
    turnover: turnover === '' ? undefined : parseDecimal(turnover),
    trades: trades === '' ? undefined : parseDecimal(trades),
  }
}
