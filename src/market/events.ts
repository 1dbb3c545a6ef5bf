import type { Bucket } from './bucket.ts'
import type { Lane } from './lane.ts'

/** What of a contract subscribers are told of. */
interface Source { readonly symbol: string, readonly lanes: readonly Lane[] }

/** A contract has taken something in. */
export interface Change {
  readonly type: 'change'
  readonly contract: Source
  /** Bars that closed or were revised, shortest period first. */
  readonly durable: { readonly lane: Lane, readonly bucket: Bucket }[]
  /** A bit for each lane whose unfinished bar is another now. */
  open: number
}

/** A key's bars changed by an import, in a step that its stream of events does not show. */
export interface ResetEvent { readonly type: 'reset', readonly key: string, readonly seq: number }

/** Every minute that opens before `time` has been sent: of the symbol, or of all. */
export interface WatermarkEvent { readonly type: 'watermark', readonly time: number, readonly symbol: string | undefined }

export type MarketEvent = Change | ResetEvent | WatermarkEvent

let batches = 0

/**
 * What a batch of entries changed, in the order in which subscribers hear of it. Durable events are all kept;
 * of the updates to an unfinished bar only the last is, since they all would show its last state.
 */
export class Events {
  readonly list: MarketEvent[] = []
  readonly #batch = ++batches
  #change!: Change

  /** What comes next is of this contract. */
  begin (contract: Source): void {
    this.#change = { type: 'change', contract, durable: [], open: 0 }
    this.list.push(this.#change)
  }

  updated (lane: Lane): void {
    this.#supersede(lane)
    this.#change.open |= 1 << lane.place
    lane.batch = this.#batch
    lane.change = this.list.length - 1
  }

  /** The open bar of a lane has closed, so what was said of it while it was open is out of date. */
  closed (lane: Lane, bucket: Bucket): void {
    this.#supersede(lane)
    this.revised(lane, bucket)
  }

  revised (lane: Lane, bucket: Bucket): void {
    this.#change.durable.push({ lane, bucket })
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
    const change = this.list[lane.change] as Change
    change.open &= ~(1 << lane.place)
    lane.batch = 0
  }
}

/** Calls back with each bar of a change, shortest period first; an unfinished one as it is now. */
export function eachBar ({ contract, durable, open }: Change, callback: (key: string, bucket: Bucket) => void): void {
  let next = 0
  for (const lane of contract.lanes) {
    for (; next < durable.length && durable[next].lane === lane; next++) callback(lane.key, durable[next].bucket)
    if (lane.open !== undefined && (open & 1 << lane.place) !== 0) callback(lane.key, lane.open)
  }
}
