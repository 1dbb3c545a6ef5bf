import type { MinuteBar } from './bar.ts'
import { Bucket } from './bucket.ts'
import type { Calendar } from './calendar.ts'
import type { Counts } from './counts.ts'
import type { Events } from './events.ts'
import type { Ladder } from './ladder.ts'
import { type History, Lane } from './lane.ts'
import { OpenBars, scalesOf } from './open.ts'
import type { Period } from './period.ts'

export type Outcome = 'accepted' | 'duplicate' | 'revised'

export const COUNTED: Readonly<Record<Outcome, keyof Counts>> = { accepted: 'accepted', duplicate: 'duplicates', revised: 'revised' }

/**
 * Rolls the minutes of one contract up into every period. Deterministic: the bars depend on the set of minutes,
 * `seq` and `revision` on their order too, and on nothing else.
 *
 * A bar is closed once the frontier has reached its end. The frontier is the first minute of which nothing was
 * heard yet, so the last minute of a bar closes it, and so does the first minute after it; a watermark says of
 * minutes that nobody traded that they are over. Only the clock may close a bar beyond the frontier (see `expire`),
 * so whatever opens at or before a lane's newest closed bar is closed too.
 */
export class Contract {
  readonly symbol: string
  readonly lanes: readonly Lane[]
  /** The first minute after the newest one that came in, or that a watermark has passed. */
  frontier = -Infinity
  /** The oldest minute that came in. */
  first = Infinity
  /** The newest watermark of this contract alone. */
  watermark = -Infinity
  /** The place in the log after the newest entry that changed it, and after the newest that changed its bars. */
  position = 0
  barsPosition = 0
  /** Which change of a batch tells of its unfinished bars; see `Events`. */
  change = 0
  batch = 0
  readonly #calendar: Calendar
  readonly #openBars: OpenBars

  constructor (symbol: string, { calendar, rungs }: Ladder, history: (period: Period) => History) {
    this.symbol = symbol
    this.#calendar = calendar
    this.#openBars = new OpenBars(rungs.length)
    const lanes: Lane[] = []
    for (const rung of rungs) lanes.push(new Lane(symbol, rung, { shorter: lanes, openBars: this.#openBars, history: history(rung.period) }))
    this.lanes = lanes
  }

  apply (minute: MinuteBar, events: Events): Outcome {
    const bar = Bucket.ofMinute(minute)
    return bar.time >= this.frontier ? this.#append(bar, events) : this.#amend(bar, events)
  }

  /** Every minute before `time` has been sent: closes each open bar that has ended by then; says how many. */
  advance (time: number, events: Events): number {
    if (time <= this.frontier) return 0
    this.frontier = time
    return this.#closeEnded(-Infinity, time, events)
  }

  /**
   * The clock has gone from `from` to `to`. A contract that keeps up with it is treated as by a watermark; one that
   * lags behind, as in a replay of old minutes, loses only such bars as ended in between.
   */
  expire (from: number, to: number, events: Events): number {
    return this.frontier >= from ? this.advance(to, events) : this.#closeEnded(from, to, events)
  }

  /**
   * The open time of the oldest bar of a lane that is kept: counted from the frontier, but not from beyond `clock`,
   * so that a minute with a time far ahead takes nothing away.
   */
  floor (lane: Lane, clock: number): number {
    const { period, keepMs, history } = lane
    const newest = Math.min(this.frontier, clock)
    return Math.max(history.floor, keepMs === Infinity ? -Infinity : this.#calendar.start(period, Math.max(0, newest - keepMs)))
  }

  /** Whether the bars that a minute would change are kept, and those that they are made of. */
  reaches (time: number, clock: number): boolean {
    if (time >= this.frontier) return true
    return this.lanes.every((lane) => this.start(lane, time) >= Math.max(this.floor(lane, clock), this.floor(lane.source, clock)))
  }

  /** The open time of the bar that holds a minute. */
  start (lane: Lane, time: number): number {
    return this.#calendar.start(lane.period, time)
  }

  /** The first minute after the bar that opens at `start`. */
  end (lane: Lane, start: number): number {
    return this.#calendar.end(lane.period, start)
  }

  /** The bar that opens at `start`, made anew from those of the next shorter period; there is at least one. */
  fold (lane: Lane, start: number): Bucket {
    const end = this.end(lane, start)
    const [first, ...others] = lane.source.range({ start, end, limit: Infinity, newest: false })
    const bucket = new Bucket(start, end, first)
    for (const part of others) bucket.add(part)
    return bucket
  }

  isOpen (lane: Lane, bucket: Bucket): boolean {
    return bucket.end > this.frontier && bucket.time > lane.newest
  }

  #append (bar: Bucket, events: Events): Outcome {
    const { time, end } = bar
    this.frontier = end
    if (time < this.first) this.first = time
    events.begin(this)
    const [minutes] = this.lanes
    settle(minutes, bar)
    events.durable(minutes, bar)
    const open = this.#openBars
    const scales = scalesOf(bar)
    for (let place = 1; place < this.lanes.length; place++) {
      if (time >= open.end(place)) this.#close(this.lanes[place], events)
      if (!Number.isNaN(open.end(place))) open.add(place, bar, scales)
      else if (!this.#begin(this.lanes[place], bar, events)) continue
      if (end >= open.end(place)) this.#close(this.lanes[place], events)
      else events.updated(place)
    }
    return 'accepted'
  }

  /** Opens the bar that a minute is the first of; false: the clock had closed it, so it is revised. */
  #begin (lane: Lane, bar: Bucket, events: Events): boolean {
    const start = this.start(lane, bar.time)
    if (start <= lane.newest) {
      this.#replace(lane, this.fold(lane, start), events)
      return false
    }
    this.#openBars.begin(lane.place, { time: start, end: this.#calendar.end(lane.period, start) }, bar)
    return true
  }

  /** A late minute, or one that came before: what it changes is folded anew from the next shorter period. */
  #amend (bar: Bucket, events: Events): Outcome {
    const [minutes] = this.lanes
    const known = minutes.history.at(bar.time)
    if (known?.equals(bar)) return 'duplicate'
    if (bar.time < this.first) this.first = bar.time
    events.begin(this)
    this.#replace(minutes, bar, events)
    for (let i = 1; i < this.lanes.length; i++) {
      const lane = this.lanes[i]
      const bucket = this.fold(lane, this.start(lane, bar.time))
      if (this.isOpen(lane, bucket)) {
        lane.open = bucket
        events.updated(lane.place)
      } else {
        this.#replace(lane, bucket, events)
      }
    }
    return known === undefined ? 'accepted' : 'revised'
  }

  #closeEnded (after: number, by: number, events: Events): number {
    let closed = 0
    for (const lane of this.lanes) {
      const end = this.#openBars.end(lane.place)
      if (!(end > after && end <= by)) continue
      if (closed === 0) events.begin(this)
      this.#close(lane, events)
      closed++
    }
    return closed
  }

  #close (lane: Lane, events: Events): void {
    const bucket = lane.open as Bucket
    lane.open = undefined
    settle(lane, bucket)
    events.durable(lane, bucket)
  }

  #replace (lane: Lane, bucket: Bucket, events: Events): void {
    const before = lane.history.at(bucket.time)
    bucket.revision = before === undefined ? 0 : before.revision + 1
    settle(lane, bucket)
    events.durable(lane, bucket)
  }
}

/** From here on the bar is final until a revision takes its place. */
function settle (lane: Lane, bucket: Bucket): void {
  bucket.closed = true
  bucket.seq = ++lane.seq
  if (bucket.time > lane.newest) lane.newest = bucket.time
  lane.history.put(bucket)
}
