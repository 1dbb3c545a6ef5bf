/** How a connection ended, and for how long the server wants to be left alone. */
export interface End { readonly code: number, readonly reason: string, readonly retryMs: number | undefined }

export interface RetryOptions {
  /** The next try comes within so long, after each one that fails within twice as long, up to `maxRetryMs`. */
  readonly firstRetryMs: number
  readonly maxRetryMs: number
  /** From 0 up to 1. */
  readonly random: () => number
  /** Whether there is another token to be had. */
  readonly renewable: boolean
}

const UNAUTHENTICATED = 4001
/** A connection that was good for so long is forgiven its end. */
const STEADY_MS = 5000
/** However lucky the dice, and whatever a server says, it is not asked more often. */
const LEAST_MS = 100

/** When to come back after a connection has ended, by its close code. */
export class Retry {
  readonly #options: RetryOptions
  #failures = 0
  #readySince = Infinity
  #refused = false

  constructor (options: RetryOptions) {
    this.#options = options
  }

  /** The server has let us in. `now` is UTC milliseconds. */
  ready (now: number): void {
    this.#readySince = now
    this.#refused = false
  }

  /** Milliseconds until the next try; undefined: coming back is no use. */
  after ({ code, retryMs }: End, now: number): number | undefined {
    if (now - this.#readySince >= STEADY_MS) this.#failures = 0
    this.#readySince = Infinity
    const failures = this.#failures++
    if (code === UNAUTHENTICATED && this.#options.renewable && !this.#refused) {
      this.#refused = true
      return 0
    }
    if (code >= 4000 && code < 4100) return undefined
    if (retryMs !== undefined) return retryMs > LEAST_MS ? retryMs : LEAST_MS
    if (code >= 4200 && code < 4300 && failures === 0) return 0
    return this.#backOff(failures)
  }

  /** Anything up to a limit that doubles, so that those who lost the same server don't come back in step. */
  #backOff (failures: number): number {
    const { firstRetryMs, maxRetryMs, random } = this.#options
    return Math.max(LEAST_MS, Math.min(firstRetryMs * 2 ** failures, maxRetryMs) * random())
  }
}
