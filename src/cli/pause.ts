import { setTimeout as sleep } from 'node:timers/promises'

const TIMER_MAX = 2 ** 31 - 1

/** Waits until a moment of `performance.now()`, or until the signal says stop; tests have pauses of their own. */
export type Pause = (due: number, signal: AbortSignal) => Promise<void>

/** Waits until `due` of `performance.now()`; returns at once, without throwing, when the signal says stop. */
export async function pauseUntil (due: number, signal: AbortSignal): Promise<void> {
  for (let left = due - performance.now(); left > 0 && !signal.aborted; left = due - performance.now()) {
    await sleep(Math.min(Math.ceil(left), TIMER_MAX), undefined, { signal }).catch(ignoreAbort)
  }
}

/** How long to wait before the next try: doubles from `first` to `most`, and no two clients do it in step. */
export function backOff (tries: number, { first, most }: { first: number, most: number }): number {
  return Math.min(first * 2 ** tries, most) * (0.75 + Math.random() / 4)
}

function ignoreAbort (err: Error): void {
  if (err.name !== 'AbortError') throw err
}
