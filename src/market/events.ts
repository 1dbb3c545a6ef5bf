import type { Bucket } from './bucket.ts'
import type { Lane } from './lane.ts'

/** A key's bar changed. `seq` is 0 for an update of an unfinished bar: it is not durable and may be skipped. */
export interface BarEvent { readonly type: 'bar', readonly key: string, readonly seq: number, readonly bucket: Bucket }

/** A key's bars changed by an import, in a step that its stream of events does not show. */
export interface ResetEvent { readonly type: 'reset', readonly key: string, readonly seq: number }

/** Every minute that opens before `time` has been sent: of the symbol, or of all. */
export interface WatermarkEvent { readonly type: 'watermark', readonly time: number, readonly symbol: string | undefined }

export type MarketEvent = BarEvent | ResetEvent | WatermarkEvent

let batches = 0

/**
 * What a batch of entries changed, in the order in which subscribers hear of it. Durable events are all kept;
 * of the updates to an unfinished bar only the last is, since they all would show its last state.
 */
export class Events {
  readonly list: (MarketEvent | undefined)[] = []
  readonly #batch = ++batches

  updated (lane: Lane, bucket: Bucket): void {
    this.#supersede(lane)
    lane.batch = this.#batch
    lane.slot = this.list.length
    this.list.push({ type: 'bar', key: lane.key, seq: 0, bucket })
  }

  /** The open bar of a lane has closed, so what was said of it while it was open is out of date. */
  closed (lane: Lane, bucket: Bucket): void {
    this.#supersede(lane)
    this.revised(lane, bucket)
  }

  revised (lane: Lane, bucket: Bucket): void {
    this.list.push({ type: 'bar', key: lane.key, seq: bucket.seq, bucket })
  }

  /** Whatever was said of the lane before: its bars have to be read again. */
  reset (lane: Lane): void {
    this.#supersede(lane)
    this.list.push({ type: 'reset', key: lane.key, seq: lane.seq })
  }

  complete (time: number, symbol: string | undefined): void {
    this.list.push({ type: 'watermark', time, symbol })
  }

  #supersede (lane: Lane): void {
    if (lane.batch !== this.#batch) return
    this.list[lane.slot] = undefined
    lane.batch = 0
  }
}
