import type { MinuteBar } from './bar.ts'
import { Bucket } from './bucket.ts'
import type { Events } from './events.ts'
import type { Calendar } from './calendar.ts'
import type { Ladder } from './ladder.ts'
import { type History, Lane } from './lane.ts'
import type { Period } from './period.ts'

export type Outcome = 'accepted' | 'duplicate' | 'revised'

/**
 * Rolls the minutes of one contract up into every period. Deterministic: the bars depend on the set of minutes,
 * `seq` and `revision` on their order too, and on nothing else.
 *
 * A bar is closed once the frontier has reached its end. The frontier is the first minute of which nothing was
 * heard yet, so the last minute of a bar closes it, and so does the first minute after it.
 */
export class Contract {
  readonly symbol: string
  readonly lanes: readonly Lane[]
  /** The first minute after the newest one that came in. */
  frontier = -Infinity
  /** The oldest minute that came in. */
  first = Infinity
  /** The place in the log after the newest entry that it took in. */
  position = 0
  readonly #calendar: Calendar

  constructor (symbol: string, { calendar, rungs }: Ladder, history: (period: Period) => History) {
    this.symbol = symbol
    this.#calendar = calendar
    const lanes: Lane[] = []
    for (const { period, source } of rungs) lanes.push(new Lane(symbol, period, lanes[source], history(period)))
    this.lanes = lanes
  }

  apply (minute: MinuteBar, events: Events): Outcome {
    const bar = Bucket.ofMinute(minute)
    return bar.time >= this.frontier ? this.#append(bar, events) : this.#amend(bar, events)
  }

  /** Whether the bars that a minute would change can still be computed from what the histories hold. */
  reaches (time: number): boolean {
    if (time >= this.frontier) return true
    return this.lanes.every((lane) => this.#calendar.start(lane.period, time) >= lane.source.history.floor)
  }

  #append (bar: Bucket, events: Events): Outcome {
    const { time, end } = bar
    this.frontier = end
    if (time < this.first) this.first = time
    const [minutes] = this.lanes
    settle(minutes, bar)
    events.closed(minutes, bar)
    for (let i = 1; i < this.lanes.length; i++) {
      const lane = this.lanes[i]
      if (lane.open !== undefined && time >= lane.open.end) this.#close(lane, lane.open, events)
      if (lane.open === undefined) lane.open = this.#begin(lane, time, bar)
      else lane.open.add(bar)
      if (end >= lane.open.end) this.#close(lane, lane.open, events)
      else events.updated(lane, lane.open)
    }
    return 'accepted'
  }

  /** A late minute, or one that came before: what it changes is folded anew from the next shorter period. */
  #amend (bar: Bucket, events: Events): Outcome {
    const [minutes] = this.lanes
    const known = minutes.history.at(bar.time)
    if (known?.equals(bar)) return 'duplicate'
    if (bar.time < this.first) this.first = bar.time
    this.#replace(minutes, bar, known, events)
    for (let i = 1; i < this.lanes.length; i++) {
      const lane = this.lanes[i]
      const start = this.#calendar.start(lane.period, bar.time)
      const bucket = this.#fold(lane, start)
      if (bucket.end > this.frontier) {
        lane.open = bucket
        events.updated(lane, bucket)
      } else {
        this.#replace(lane, bucket, lane.history.at(start), events)
      }
    }
    return known === undefined ? 'accepted' : 'revised'
  }

  #begin (lane: Lane, time: number, first: Bucket): Bucket {
    const start = this.#calendar.start(lane.period, time)
    return new Bucket(start, this.#calendar.end(lane.period, start), first)
  }

  #fold (lane: Lane, start: number): Bucket {
    const end = this.#calendar.end(lane.period, start)
    const [first, ...others] = lane.source.range({ start, end, limit: Infinity, newest: false })
    const bucket = new Bucket(start, end, first)
    for (const part of others) bucket.add(part)
    return bucket
  }

  #close (lane: Lane, bucket: Bucket, events: Events): void {
    lane.open = undefined
    settle(lane, bucket)
    events.closed(lane, bucket)
  }

  #replace (lane: Lane, bucket: Bucket, before: Bucket | undefined, events: Events): void {
    bucket.revision = before === undefined ? 0 : before.revision + 1
    settle(lane, bucket)
    events.revised(lane, bucket)
  }
}

/** From here on the bar is final until a revision takes its place. */
function settle (lane: Lane, bucket: Bucket): void {
  bucket.closed = true
  bucket.seq = ++lane.seq
  lane.history.put(bucket)
}
