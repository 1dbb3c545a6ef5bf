import type { Clock } from '../clock.ts'
import { MINUTE } from '../market/period.ts'

export interface TimekeeperOptions {
  readonly clock: Clock
  /** How long after the end of a minute its bars may still come in, milliseconds. */
  readonly graceMs: number
  /** Hears of each end of a minute, UTC milliseconds, when the grace is over. */
  readonly onMinute: (time: number) => void
}

/**
 * Says when a minute is over. Begins with the newest one, so that what ended while nobody kept time is caught up
 * with at once; a clock that goes back says nothing until it has come as far again.
 */
export function startTimekeeper ({ clock, graceMs, onMinute }: TimekeeperOptions): () => void {
  let told = -Infinity
  let stop!: () => void
  const look = (): void => {
    const late = clock.now() - graceMs
    const time = Math.floor(late / MINUTE) * MINUTE
    stop = clock.after(time + MINUTE - late, look)
    if (time <= told) return
    told = time
    onMinute(time)
  }
  look()
  return () => { stop() }
}
