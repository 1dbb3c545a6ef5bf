import type { Result } from '../store/store.ts'

interface Waiting { readonly resolve: (results: readonly Result[]) => void, readonly reject: (err: unknown) => void }

/** Those who brought entries and wait to hear how they fared, by the number of what they brought. */
export class Answers {
  readonly #waiting = new Map<number, Waiting>()
  #onSettled = (): void => {}

  /** The numbers of what is not answered yet. */
  get ids (): number[] {
    return [...this.#waiting.keys()]
  }

  async of (id: number): Promise<readonly Result[]> {
    return await new Promise((resolve, reject) => { this.#waiting.set(id, { resolve, reject }) })
  }

  resolve (id: number, results: readonly Result[]): void {
    this.#take(id)?.resolve(results)
  }

  reject (id: number, err: unknown): void {
    this.#take(id)?.reject(err)
  }

  /** Waits until nobody waits. */
  async settled (): Promise<void> {
    if (this.#waiting.size > 0) await new Promise<void>((resolve) => { this.#onSettled = resolve })
  }

  #take (id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (this.#waiting.size === 0) this.#onSettled()
    return waiting
  }
}
