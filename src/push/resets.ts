import type { Clock } from '../clock.ts'
import type { ResetEvent } from '../market/events.ts'

/** How long an import has to pause before those who listen are sent to read its bars. */
const QUIET_MS = 1000

/**
 * Keys whose bars an import changed, of which subscribers have not heard yet. An import comes in many pieces, and
 * each touches the same keys: they are told once it pauses, or before the key's next bar.
 */
export class Resets {
  readonly #clock: Clock
  readonly #tell: (reset: Omit<ResetEvent, 'type'>) => void
  readonly #due = new Map<string, number>()
  #stopTimer = (): void => {}

  constructor (clock: Clock, tell: (reset: Omit<ResetEvent, 'type'>) => void) {
    this.#clock = clock
    this.#tell = tell
  }

  add ({ key, seq }: ResetEvent): void {
    this.#due.set(key, seq)
    this.#stopTimer()
    this.#stopTimer = this.#clock.after(QUIET_MS, () => { this.flush() })
  }

  /** What is due for a key, told now. */
  settle (key: string): void {
    const seq = this.#due.get(key)
    if (seq === undefined) return
    this.#due.delete(key)
    this.#tell({ key, seq })
  }

  flush (): void {
    this.#stopTimer()
    for (const key of [...this.#due.keys()]) this.settle(key)
  }
}
