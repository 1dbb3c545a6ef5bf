import type { Outbox } from './outbox.ts'

/** Who asked to be told when a minute is complete. Each holds one place or more: one for each key that it asked with. */
export class Watchers {
  readonly #everyone = new Map<Outbox, number>()
  readonly #bySymbol = new Map<string, Map<Outbox, number>>()

  get size (): number {
    return this.#everyone.size + this.#bySymbol.size
  }

  /** Those who hold a key of the symbol, or all. */
  of (symbol: string | undefined): Outbox[] {
    return [...(symbol === undefined ? this.#everyone : this.#bySymbol.get(symbol))?.keys() ?? []]
  }

  join (symbol: string, outbox: Outbox): void {
    let watchers = this.#bySymbol.get(symbol)
    if (watchers === undefined) {
      watchers = new Map()
      this.#bySymbol.set(symbol, watchers)
    }
    count(watchers, outbox, 1)
    count(this.#everyone, outbox, 1)
  }

  /** Gives up a place that `join` gave. */
  leave (symbol: string, outbox: Outbox): void {
    const watchers = this.#bySymbol.get(symbol) as Map<Outbox, number>
    count(watchers, outbox, -1)
    count(this.#everyone, outbox, -1)
    if (watchers.size === 0) this.#bySymbol.delete(symbol)
  }
}

function count (places: Map<Outbox, number>, outbox: Outbox, change: number): void {
  const held = (places.get(outbox) ?? 0) + change
  if (held === 0) places.delete(outbox)
  else places.set(outbox, held)
}
