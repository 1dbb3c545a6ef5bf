/** Time comes in as an argument, so that tests can hold it. */
export interface Clock {
  /** UTC milliseconds. */
  now (): number
  /** Calls `run` every `ms` milliseconds until the function that comes back is called. */
  every (ms: number, run: () => void): () => void
  /** Calls `run` once after `ms` milliseconds, unless the function that comes back is called before. */
  after (ms: number, run: () => void): () => void
}

export const systemClock: Clock = {
  now: Date.now,
  every (ms, run) {
    const timer = setInterval(run, ms)
    timer.unref()
    return () => { clearInterval(timer) }
  },
  after (ms, run) {
    const timer = setTimeout(run, ms)
    timer.unref()
    return () => { clearTimeout(timer) }
  },
}
