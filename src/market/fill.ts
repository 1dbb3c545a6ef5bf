import type { MinuteBar } from './bar.ts'
import { Bucket } from './bucket.ts'
import { type Contract, COUNTED, type Outcome } from './contract.ts'
import type { Counts } from './counts.ts'
import type { Events } from './events.ts'
import type { Lane } from './lane.ts'
import { MINUTE } from './period.ts'

/**
 * Takes in many minutes of one contract, in any order, without an event for each bar: every bar that they change is
 * folded once, and each key makes one step of its `seq`, of which subscribers hear as a reset.
 */
export function fillContract (contract: Contract, minutes: readonly MinuteBar[], events: Events): Counts {
  const counts: Counts = { accepted: 0, duplicates: 0, revised: 0 }
  const [shortest, ...longer] = contract.lanes
  const times: number[] = []
  for (const minute of minutes) {
    const outcome = placeMinute(shortest, minute)
    counts[COUNTED[outcome]]++
    if (outcome !== 'duplicate') times.push(minute.time)
  }
  if (times.length === 0) return counts
  times.sort((a, b) => a - b)
  contract.first = Math.min(contract.first, times[0])
  contract.frontier = Math.max(contract.frontier, times[times.length - 1] + MINUTE)
  step(shortest, events)
  for (const lane of longer) {
    const starts = new Set(times.map((time) => contract.start(lane, time)))
    if (lane.open !== undefined) starts.add(lane.open.time) // it may have ended by now
    step(lane, events)
    lane.open = undefined
    for (const start of [...starts].sort((a, b) => a - b)) {
      const bucket = contract.fold(lane, start)
      if (contract.isOpen(lane, bucket)) lane.open = bucket
      else settle(lane, bucket, lane.seq)
    }
  }
  return counts
}

/** Takes a minute in for itself, as a part of the step that the lane makes next. */
export function placeMinute (lane: Lane, minute: MinuteBar): Outcome {
  const bar = Bucket.ofMinute(minute)
  const known = lane.history.at(bar.time)
  if (known?.equals(bar)) return 'duplicate'
  settle(lane, bar, lane.seq + 1)
  return known === undefined ? 'accepted' : 'revised'
}

function step (lane: Lane, events: Events): void {
  lane.resetSeq = ++lane.seq
  events.reset(lane)
}

function settle (lane: Lane, bucket: Bucket, seq: number): void {
  const before = lane.history.at(bucket.time)
  bucket.revision = before === undefined ? 0 : before.revision + 1
  bucket.closed = true
  bucket.seq = seq
  if (bucket.time > lane.newest) lane.newest = bucket.time
  lane.history.fill(bucket)
}
