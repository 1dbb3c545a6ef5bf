import type { Bucket } from './bucket.ts'
import type { Lane } from './lane.ts'

/** What of a contract subscribers are told of, and which change of which batch has told of it last. */
interface Source { readonly symbol: string, readonly lanes: readonly Lane[], change: number, batch: number }

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

  /** What comes next is of this contract. What an earlier change was to tell of its unfinished bars, this one tells. */
  begin (contract: Source): void {
    this.#change = { type: 'change', contract, durable: [], open: 0 }
    if (contract.batch === this.#batch) {
      const earlier = this.list[contract.change] as Change
      this.#change.open = earlier.open
      earlier.open = 0
    }
    contract.batch = this.#batch
    contract.change = this.list.length
    this.list.push(this.#change)
  }

  /** The unfinished bar of a lane is another now. */
  updated (place: number): void {
    this.#change.open |= 1 << place
  }

  /** A bar has closed, or a closed one was revised. */
  durable (lane: Lane, bucket: Bucket): void {
    this.#change.durable.push({ lane, bucket })
  }

  /** A lane's bars have to be read again. */
  reset (lane: Lane): void {
    this.list.push({ type: 'reset', key: lane.key, seq: lane.seq })
  }

  complete (time: number, symbol: string | undefined): void {
    this.list.push({ type: 'watermark', time, symbol })
  }
}

/**
 * Calls back with each bar of a change that `find` finds something for, shortest period first; an unfinished one
 * as it is now.
 */
export function eachBar<T> ({ contract, durable, open }: Change, find: (key: string) => T | undefined, tell: (found: T, bucket: Bucket) => void): void {
  let next = 0
  for (const lane of contract.lanes) {
    const isOpen = (open & 1 << lane.place) !== 0
    if (!isOpen && durable[next]?.lane !== lane) continue
    const found = find(lane.key)
    for (; next < durable.length && durable[next].lane === lane; next++) if (found !== undefined) tell(found, durable[next].bucket)
    const bucket = isOpen && found !== undefined ? lane.open : undefined
    if (bucket !== undefined) tell(found as T, bucket)
  }
}
