import type { Bucket, WideSums } from '../market/bucket.ts'
import { encodeRow, packRow, ROW, unpackRow } from './row.ts'

const CHUNK_BITS = 10
const CHUNK_ROWS = 1 << CHUNK_BITS

/**
 * Memory for the rows of many keys, each under a number, in chunks that are never moved: a tenth of what objects
 * take, nothing to collect, and a row that is given back serves the next one.
 */
export class Pool {
  readonly #chunks: Float64Array[] = []
  readonly #wide = new Map<number, WideSums>()
  readonly #free: number[] = []
  #next = 0

  add (bucket: Bucket): number {
    const row = this.#free.pop() ?? this.#next++
    if (row >> CHUNK_BITS === this.#chunks.length) this.#chunks.push(new Float64Array(CHUNK_ROWS * ROW))
    packRow(bucket, this.#chunks[row >> CHUNK_BITS], placeOf(row))
    if (bucket.wide !== undefined) this.#wide.set(row, bucket.wide)
    return row
  }

  get (row: number): Bucket {
    return unpackRow(this.#chunks[row >> CHUNK_BITS], placeOf(row), this.#wide.get(row))
  }

  /** A row as it goes to disk. */
  encode (row: number): Buffer {
    return encodeRow(this.#chunks[row >> CHUNK_BITS], placeOf(row), this.#wide.get(row))
  }

  /** One number of a row; `column` is its place as `ROW` has it. */
  column (row: number, column: number): number {
    return this.#chunks[row >> CHUNK_BITS][placeOf(row) + column]
  }

  /** Gives a row back. */
  free (row: number): void {
    this.#free.push(row)
    if (this.#wide.size > 0) this.#wide.delete(row)
  }
}

function placeOf (row: number): number {
  return (row & (CHUNK_ROWS - 1)) * ROW
}
