import type { Bucket } from '../market/bucket.ts'
import type { History, Span } from '../market/lane.ts'
import type { Period } from '../market/period.ts'
import type { Archive } from './archive.ts'
import { Rows } from './rows.ts'

const ALL: Span = { start: -Infinity, end: Infinity, limit: Infinity, newest: false }

/**
 * The closed bars of one key on disk: the newest are in memory until the archive has them, and what is in memory
 * goes before what is in the archive. Of its durable events, too, the newest are in memory.
 */
export class Tail implements History {
  readonly floor = -Infinity
  /** Up to which bar and event the archive has nothing that is to go. */
  readonly pruned = { bars: -Infinity, events: 0 }
  readonly #symbol: string
  readonly #period: Period
  readonly #archive: Archive
  #bars: Rows | undefined
  #events: Rows | undefined

  constructor (symbol: string, period: Period, archive: Archive) {
    this.#symbol = symbol
    this.#period = period
    this.#archive = archive
  }

  at (time: number): Bucket | undefined {
    const recent = this.#bars?.at(time)
    if (recent !== undefined) return recent
    const old = this.#archive.bars.at(this.#symbol, this.#period, time)
    return old?.closed === true ? old : undefined // a bar that was open when it went to the archive is not history yet
  }

  range (span: Span): Bucket[] {
    const recent = this.#bars?.range(span) ?? []
    const older = this.#archive.bars.range(this.#symbol, this.#period, span)
    if (recent.length === 0) return older
    if (older.length === 0) return recent
    const merged = merge(older, recent)
    return span.newest ? merged.slice(Math.max(0, merged.length - span.limit)) : merged.slice(0, span.limit)
  }

  put (bucket: Bucket): void {
    this.fill(bucket)
    this.#events ??= new Rows('seq')
    this.#events.put(bucket)
  }

  fill (bucket: Bucket): void {
    this.#bars ??= new Rows()
    this.#bars.put(bucket)
  }

  eventsAfter (seq: number, limit: number): Bucket[] {
    const start = seq + 1
    const end = this.#events?.orderAt(0) ?? Infinity // from there on memory has them, and perhaps the archive too
    const older = start < end ? this.#archive.events.range(this.#symbol, this.#period, { start, end, limit, newest: false }) : []
    const recent = this.#events?.range({ start, end: Infinity, limit: limit - older.length, newest: false }) ?? []
    return [...older, ...recent]
  }

  /** What the archive has not got yet. */
  unarchived (): { bars: Bucket[], events: Bucket[] } {
    return { bars: this.#bars?.range(ALL) ?? [], events: this.#events?.range(ALL) ?? [] }
  }

  /** The archive holds what the key was when it had had `seq` events. */
  archived (seq: number): void {
    this.#bars = remainder(this.#bars, seq)
    this.#events = remainder(this.#events, seq)
  }
}

function remainder (rows: Rows | undefined, seq: number): Rows | undefined {
  rows?.filter((bar) => bar.seq > seq)
  return rows?.length === 0 ? undefined : rows
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
