const LONGEST_MS = 60_000
const MOST_TOLD = 20

/** What the clients of a process have seen, all in all. `tell` hears of what should not be, but of no more than a few times. */
export class Tally {
  /** Bars: durable events, of which some were `replayed` to those who came back, and updates of unfinished bars. */
  events = 0
  replayed = 0
  updates = 0
  /** Updates of slow readers that a newer one took the place of. */
  conflated = 0
  heartbeats = 0
  watermarks = 0
  /** Series of bars that were compared with the server's. */
  audits = 0
  /** How often clients came back, and how often they took their keys back. */
  returns = 0
  reconsidered = 0
  /** Connections of slow readers that the server closed, those that a kill of the server cut, and all others that were not to end. */
  slow = 0
  cut = 0
  unexplained = 0
  /** By kind. */
  faults = {}
  /** For how many bars it took so many milliseconds from the server's `ts` until they were read; since the last report. */
  delays = new Uint32Array(LONGEST_MS + 1)
  #tell
  #told = 0

  constructor (tell) {
    this.#tell = tell
  }

  /** A bar that the server sent at `ts`. */
  took (ts) {
    this.delays[Math.min(LONGEST_MS, Math.max(0, Date.now() - ts))]++
  }

  fault = (kind, text, count) => {
    this.faults[kind] = (this.faults[kind] ?? 0) + count
    this.#say(`${kind}: ${text}`)
  }

  ended (text) {
    this.unexplained++
    this.#say(text)
  }

  report () {
    const { delays } = this
    this.delays = new Uint32Array(LONGEST_MS + 1)
    return { ...this, delays, fault: undefined }
  }

  #say (text) {
    if (this.#told++ < MOST_TOLD) this.#tell(text)
  }
}

/** The delay below which a share of all lies, milliseconds. */
export function delayQuantile (delays, share) {
  let left = delays.reduce((sum, count) => sum + count, 0) * share
  if (left === 0) return NaN
  return delays.findIndex((count) => (left -= count) <= 0)
}
