import { CLOSE_CODES, ERRORS, FRAME_CODES } from '../errors.ts'
import type { MinuteBar } from '../market/bar.ts'
import type { Counts } from '../market/counts.ts'
import { MINUTE } from '../market/period.ts'
import type { Entry } from '../store/entry.ts'
import type { Result } from '../store/store.ts'
import { Tally } from './tally.ts'

/** Where durations go, one by one. */
export interface Timing { observe (seconds: number): void }

export interface Timings {
  /** From the end of a minute until bars of it are durable; those that are so together count once. */
  readonly minuteToAccepted: Timing
  /** From when minutes are durable until all that they made has been handed to the sockets. */
  readonly acceptedToWritten: Timing
  /** From when minutes are given to the store until they are durable. */
  readonly commit: Timing
  /** From when a producer's minutes or word come in until they are answered. */
  readonly ingest: Timing
}

const NOWHERE: Timing = { observe () {} }
const NO_TIMINGS: Timings = { minuteToAccepted: NOWHERE, acceptedToWritten: NOWHERE, commit: NOWHERE, ingest: NOWHERE }

/** A minute that ended longer ago comes from a replay, which says nothing of how far behind the producer is. */
const RECENT_MS = 600_000
/** What RFC 6455, section 7.4.1, has beside ours; 1005 and 1006: there was none. */
const RFC_CODES = [1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1010, 1011]

/** What has happened since the start. Those whom it happens to count it here as it goes; whoever wants to know reads it. */
export class Meter {
  readonly timings: Timings
  readonly minutes: { readonly bars: Counts, readonly imports: Counts } = {
    bars: { accepted: 0, duplicates: 0, revised: 0 },
    imports: { accepted: 0, duplicates: 0, revised: 0 },
  }

  /** What producers were refused by the hub, by error code. */
  readonly refusedPosts = new Tally(Object.keys(ERRORS))
  /** Requests and upgrades that ended in an error, whoever refused them, by error code. */
  readonly refusedRequests = new Tally(Object.keys(ERRORS))
  /** Error frames, by their code. */
  readonly refusedFrames = new Tally(Object.keys(FRAME_CODES))
  /** Connections that came, and that are over, by the code with which they were closed. */
  opened = 0
  readonly closed = new Tally([...Object.values(CLOSE_CODES).map(({ code }) => code), ...RFC_CODES])
  /** Bars, watermarks and resets that somebody listened to, each of which was encoded once. */
  events = 0
  /** What was handed to sockets; a batch counts as the frames in it. */
  frames = 0
  bytes = 0
  /** Frames of which a newer one took the place, because the reader was behind. */
  conflated = 0

  constructor (timings: Timings = NO_TIMINGS) {
    this.timings = timings
  }

  /** Entries became durable at `at`, UTC milliseconds, and fared like this. */
  accepted (entries: readonly Entry[], results: readonly Result[], at: number): void {
    const times = new Set<number>() // observing each of 5,000 bars takes 5 ms, in which none of them goes out
    for (let i = 0; i < results.length; i++) if (results[i] === 'accepted') times.add((entries[i] as MinuteBar).time)
    for (const time of times) {
      const late = at - time - MINUTE
      if (late >= 0 && late < RECENT_MS) this.timings.minuteToAccepted.observe(late / 1000)
    }
  }

  /** All that became durable so many milliseconds ago has been handed to the sockets. */
  written (ms: number): void {
    this.timings.acceptedToWritten.observe(Math.max(0, ms) / 1000) // the clock may have been set back
  }
}
