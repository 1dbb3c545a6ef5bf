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
    topic.resetDue = true
    this.#due.add(topic)
    this.#stopTimer()
    this.#stopTimer = this.#clock.after(QUIET_MS, this.#onQuiet)
  }

  /** From now on it counts as told. */
  take (topic: Topic): void {
    topic.resetDue = false
    this.#due.delete(topic)
  }

  /** All of them. */
  takeAll (): Topic[] {
    this.#stopTimer()
    const topics = [...this.#due]
    for (const topic of topics) this.take(topic)
    return topics
  }
}
