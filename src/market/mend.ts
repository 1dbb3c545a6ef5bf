import type { Bucket } from './bucket.ts'
import type { Contract } from './contract.ts'
import type { Lane } from './lane.ts'

const CHUNK = 10_000

/** Whether all bars of a lane are there that open from `start` up to, not including, `end`. */
export type Knows = (lane: Lane, span: { readonly start: number, readonly end: number }) => boolean

/** A lane knows its bars where none were lost, and where they can be made anew: where its source knows its own. */
export function knowsFrom (isWhole: Knows): Knows {
  return function knows (lane, span): boolean {
    return isWhole(lane, span) || (lane.source !== lane && knows(lane.source, span))
  }
}

/**
 * Makes the bars that a contract has lost anew, where those of the next shorter period are all there; an unfinished
 * one in any case, because a bar that begins now would be made of even less.
 */
export function mendContract (contract: Contract, knows: Knows): void {
  const [, ...longer] = contract.lanes
  for (const lane of longer) {
    for (const start of startsOf(contract, lane)) {
      if (start === lane.open?.time || lane.history.at(start) !== undefined) continue
      const bucket = contract.fold(lane, start)
      if (contract.isOpen(lane, bucket)) {
        lane.open = bucket
      } else if (knows(lane.source, { start, end: bucket.end })) {
        bucket.closed = true
        bucket.seq = lane.seq = Math.max(lane.seq, 1)
        lane.history.fill(bucket)
      }
    }
  }
}

/** Where the bars of a lane open of which its source has a part. */
function * startsOf (contract: Contract, lane: Lane): Generator<number> {
  let last: number | undefined
  let from = -Infinity
  let parts: Bucket[]
  do {
    parts = lane.source.range({ start: from, end: Infinity, limit: CHUNK, newest: false })
    for (const { time, end } of parts) {
      const start = contract.start(lane, time)
      if (start !== last) yield start
      last = start
      from = end
    }
  } while (parts.length === CHUNK)
}
