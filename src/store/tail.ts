import type { Bucket } from '../market/bucket.ts'
import type { History, Span } from '../market/lane.ts'
import type { Period } from '../market/period.ts'
import type { Archive } from './archive.ts'
import { Rows } from './rows.ts'

/**
 * The closed bars of one key on disk: the newest are in memory until the archive has them, and what is in memory
 * goes before what is in the archive.
 */
export class Tail implements History {
  readonly floor = -Infinity
  readonly #symbol: string
  readonly #period: Period
  readonly #archive: Archive
  #rows: Rows | undefined

  constructor (symbol: string, period: Period, archive: Archive) {
    this.#symbol = symbol
    this.#period = period
    this.#archive = archive
  }

  at (time: number): Bucket | undefined {
    return this.#rows?.at(time) ?? this.#archive.at(this.#symbol, this.#period, time)
  }

  range (span: Span): Bucket[] {
    const recent = this.#rows?.range(span) ?? []
    const older = this.#archive.range(this.#symbol, this.#period, span)
    if (recent.length === 0) return older
    if (older.length === 0) return recent
    const merged = merge(older, recent)
    return span.newest ? merged.slice(Math.max(0, merged.length - span.limit)) : merged.slice(0, span.limit)
  }

  put (bucket: Bucket): void {
    this.#rows ??= new Rows()
    this.#rows.put(bucket)
  }

  unarchived (): Bucket[] {
    return this.#rows?.range({ start: -Infinity, end: Infinity, limit: Infinity, newest: false }) ?? []
  }

  /** The archive holds what the key was when it had had `seq` events. */
  archived (seq: number): void {
    this.#rows?.filter((bar) => bar.seq > seq)
    if (this.#rows?.length === 0) this.#rows = undefined
  }
}

/** Two ascending runs as one; where both have a bar, that of `newer` counts. */
function merge (older: Bucket[], newer: Bucket[]): Bucket[] {
  const merged: Bucket[] = []
  let i = 0
  for (const bucket of newer) {
    while (i < older.length && older[i].time < bucket.time) merged.push(older[i++])
    if (older[i]?.time === bucket.time) i++
    merged.push(bucket)
  }
  for (; i < older.length; i++) merged.push(older[i])
  return merged
}
