/** The longest that a timer can wait, 25 days: one that is to wait longer fires at once. */
const LONGEST_MS = 2 ** 31 - 1

/** Time comes in as an argument, so that tests can hold it. */
export interface Clock {
  /** UTC milliseconds. */
  now (): number
  /** Calls `run` once after `ms` milliseconds, unless the function that comes back is called before. */
  after (ms: number, run: () => void): () => void
}

export const systemClock: Clock = {
  now: Date.now,
  after (ms, run) {
    const timer = setTimeout(run, Math.min(ms, LONGEST_MS))
    return () => { clearTimeout(timer) }
  },
}
