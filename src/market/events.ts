import type { Bucket } from './bucket.ts'
import type { Lane } from './lane.ts'

/** A key's bar changed. `seq` is 0 for an update of an unfinished bar: it is not durable and may be skipped. */
export interface BarEvent { readonly key: string, readonly seq: number, readonly bucket: Bucket }

let batches = 0

/**
 * What a batch of minutes changed, in the order in which subscribers hear of it. Durable events are all kept;
 * of the updates to an unfinished bar only the last is, since they all would show its last state.
 */
export class Events {
  readonly list: (BarEvent | undefined)[] = []
  readonly #batch = ++batches

  updated (lane: Lane, bucket: Bucket): void {
    this.#supersede(lane)
    lane.batch = this.#batch
    lane.slot = this.list.length
    this.list.push({ key: lane.key, seq: 0, bucket })
  }

  /** The open bar of a lane has closed, so what was said of it while it was open is out of date. */
  closed (lane: Lane, bucket: Bucket): void {
    this.#supersede(lane)
    this.revised(lane, bucket)
  }

  revised (lane: Lane, bucket: Bucket): void {
    this.list.push({ key: lane.key, seq: bucket.seq, bucket })
  }

  #supersede (lane: Lane): void {
    if (lane.batch !== this.#batch) return
    this.list[lane.slot] = undefined
    lane.batch = 0
  }
}
