import type { Bucket } from '../market/bucket.ts'
import type { History, Span } from '../market/lane.ts'
import type { Period } from '../market/period.ts'
import type { Archive } from './archive.ts'
import type { Pool } from './pool.ts'
import { Recent } from './recent.ts'
import type { DiskRow } from './row.ts'

export interface TailOptions { readonly symbol: string, readonly period: Period, readonly archive: Archive, readonly pool: Pool }

/**
 * The closed bars of one key on disk: the newest are in memory until the archive has them, and what is in memory
 * goes before what is in the archive. Of its durable events, too, the newest are in memory.
 */
export class Tail implements History {
  readonly floor = -Infinity
  /** Up to which bar and event the archive has nothing that is to go. */
  readonly pruned = { bars: -Infinity, events: 0 }
  readonly #options: TailOptions
  #recent: Recent | undefined
  #archivedSeq = 0

  constructor (options: TailOptions) {
    this.#options = options
  }

  at (time: number): Bucket | undefined {
    const recent = this.#recent?.bars.at(time)
    if (recent !== undefined) return recent
    const { symbol, period, archive } = this.#options
    return archive.bars.at(symbol, period, time)
  }

  range (span: Span): Bucket[] {
    const { symbol, period, archive } = this.#options
    const recent = this.#recent?.bars.range(span) ?? []
    const older = archive.bars.range(symbol, period, span)
    if (recent.length === 0) return older
    if (older.length === 0) return recent
    const merged = merge(older, recent)
    return span.newest ? merged.slice(Math.max(0, merged.length - span.limit)) : merged.slice(0, span.limit)
  }

  put (bucket: Bucket): void {
    this.#recent ??= new Recent(this.#options.pool)
    this.#recent.put(bucket)
  }

  fill (bucket: Bucket): void {
    this.#recent ??= new Recent(this.#options.pool)
    this.#recent.bars.put(bucket)
  }

  eventsAfter (seq: number, limit: number): Bucket[] {
    const { symbol, period, archive } = this.#options
    const older = seq < this.#archivedSeq ? archive.events.range(symbol, period, { seq, last: this.#archivedSeq, limit }) : []
    const recent = this.#recent?.eventsAfter(Math.max(seq, this.#archivedSeq), limit - older.length) ?? []
    return [...older, ...recent]
  }

  /** What the archive has not got yet. */
  unarchived (): { bars: DiskRow[], events: DiskRow[] } {
    return this.#recent?.encode(this.#archivedSeq) ?? { bars: [], events: [] }
  }

  /** The archive holds what the key was when it had had `seq` events. */
  archived (seq: number): void {
    this.#archivedSeq = seq
    this.#recent?.dropThrough(seq)
    if (this.#recent?.empty === true) this.#recent = undefined
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
