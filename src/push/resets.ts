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
  readonly #onQuiet: () => void
  readonly #due = new Map<string, number>()
  #stopTimer = (): void => {}

  constructor (clock: Clock, onQuiet: () => void) {
    this.#clock = clock
    this.#onQuiet = onQuiet
  }

  add ({ key, seq }: Omit<ResetEvent, 'type'>): void {
    this.#due.set(key, seq)
    this.#stopTimer()
    this.#stopTimer = this.#clock.after(QUIET_MS, this.#onQuiet)
  }

  /** The `seq` of a reset that is due for the key, which from now on counts as told. */
  take (key: string): number | undefined {
    if (this.#due.size === 0) return undefined
    const seq = this.#due.get(key)
    this.#due.delete(key)
    return seq
  }

  /** The keys with a reset that is due. */
  get keys (): string[] {
    return [...this.#due.keys()]
  }

  stop (): void {
    this.#stopTimer()
  }
}
