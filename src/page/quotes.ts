import type { Client, Series } from '../client/index.ts'
import { type Quote, quoteOf } from './quote.ts'

export interface QuotesParts {
  readonly client: Client
  /** Against the bar of which period before the prices are. */
  readonly period: string
  readonly onChange: () => void
}

/** Prices of the contracts that can be seen, as they come. Of the others it knows the last that it heard. */
export class Quotes {
  readonly #parts: QuotesParts
  readonly #series = new Map<string, Series>()
  readonly #quotes = new Map<string, Quote>()

  constructor (parts: QuotesParts) {
    this.#parts = parts
  }

  get (symbol: string): Quote | undefined {
    return this.#quotes.get(symbol)
  }

  /** Follows these contracts, and no others. */
  follow (symbols: readonly string[]): void {
    const wanted = new Set(symbols)
    for (const [symbol, series] of this.#series) {
      if (wanted.has(symbol)) continue
      series.close()
      this.#series.delete(symbol)
    }
    for (const symbol of wanted) if (!this.#series.has(symbol)) this.#join(symbol)
  }

  #join (symbol: string): void {
    const { client, period, onChange } = this.#parts
    const series = client.series(`${symbol}.${period}`, { history: 2 })
    this.#series.set(symbol, series)
    series.on('error', () => {}) // not for us: the last close that the list came with stays
    series.on('change', () => {
      const quote = quoteOf(series.bars)
      if (quote !== undefined) this.#quotes.set(symbol, quote)
      onChange()
    })
  }
}
