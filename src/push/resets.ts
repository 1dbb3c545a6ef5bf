import type { Clock } from '../clock.ts'
import type { Topic } from './registry.ts'

/** How long an import has to pause before those who listen are sent to read its bars. */
const QUIET_MS = 1000

/**
 * Topics whose bars an import changed, of which those who listen have not heard yet. An import comes in many pieces,
 * and each touches the same keys: they are told once it pauses, or before the key's next bar.
 */
export class Resets {
  readonly #clock: Clock
  readonly #onQuiet: () => void
  readonly #due = new Set<Topic>()
  #stopTimer = (): void => {}

  constructor (clock: Clock, onQuiet: () => void) {
    this.#clock = clock
    this.#onQuiet = onQuiet
  }

  add (topic: Topic): void {
    this.#due.add(topic)
    this.#stopTimer()
    this.#stopTimer = this.#clock.after(QUIET_MS, this.#onQuiet)
  }

  /** Whether those who listen are still to be told; from now on it counts as done. */
  take (topic: Topic): boolean {
    return this.#due.size > 0 && this.#due.delete(topic)
  }

  /** All of them. */
  takeAll (): Topic[] {
    this.#stopTimer()
    const topics = [...this.#due]
    this.#due.clear()
    return topics
  }
}
