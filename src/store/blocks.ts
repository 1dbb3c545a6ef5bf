import type { RootDatabase } from 'lmdb'
import type { Bucket } from '../market/bucket.ts'
import type { Period } from '../market/period.ts'
import { Clustered, LAST_NUMBER, rowKey } from './clustered.ts'
import { decodeRows, type DiskRow } from './row.ts'
import type { View } from './view.ts'

/** Events of a block: two blocks fit on a page of 4 KiB, so that LMDB gives none of them pages of its own. */
const BLOCK = 16

/**
 * Durable events on disk: each is its bar as it was then. Several are in a block, under the `seq` of the block's
 * last, so that what follows a `seq` begins with the next block.
 */
export class Blocks extends Clustered {
  constructor (root: RootDatabase, view: View) {
    super(root, 'events', view)
  }

  /** The events after `seq` and up to `last`, ascending, at most `limit`. */
  range (symbol: string, period: Period, { seq, last, limit }: { seq: number, last: number, limit: number }): Bucket[] {
    const events: Bucket[] = []
    for (const { value } of this.rows.getRange({ start: rowKey(symbol, period, seq + 1), end: rowKey(symbol, period, LAST_NUMBER), ...this.view })) {
      for (const event of decodeRows(value)) {
        if (event.seq <= seq) continue
        if (event.seq > last || events.length === limit) return events
        events.push(event)
      }
    }
    return events
  }

  /** Ascending events that follow on those that are here. */
  put (symbol: string, period: Period, events: readonly DiskRow[]): void {
    for (let from = 0; from < events.length; from += BLOCK) {
      const block = events.slice(from, from + BLOCK)
      this.rows.put(rowKey(symbol, period, block[block.length - 1].seq), Buffer.concat(block.map(({ bytes }) => bytes)))
    }
  }

  /** Removes the oldest blocks of which no event follows `seq`, at most `limit`; whether that were all. */
  prune (symbol: string, period: Period, { seq, limit }: { seq: number, limit: number }): boolean {
    return this.removeOldest(symbol, period, { before: seq + 1, limit })
  }
}
