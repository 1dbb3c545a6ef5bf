/**
 * A token bucket: so many frames each second, and as many at once after a quiet second. Who goes on regardless runs
 * up a debt, and is cut off when that is as large again.
 */
export class Allowance {
  readonly #perSecond: number
  #left: number
  #at: number

  /** `now` is UTC milliseconds. */
  constructor (perSecond: number, now: number) {
    this.#perSecond = perSecond
    this.#left = perSecond
    this.#at = now
  }

  take (now: number): 'granted' | 'refused' | 'cut off' {
    const earned = Math.max(now - this.#at, 0) / 1000 * this.#perSecond // a clock may be put back
    this.#left = Math.min(this.#left + earned, this.#perSecond) - 1
    this.#at = now
    if (this.#left >= 0) return 'granted'
    return this.#left >= -this.#perSecond ? 'refused' : 'cut off'
  }
}
