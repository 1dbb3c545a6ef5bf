import type { Bar, Client, Series } from '../client/index.ts'

/** The newest price, and how far it is from the close of the bar before, as a fraction. */
export interface Quote {
  readonly close: number
  readonly change: number | undefined
}

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

/** The period whose bars changes are against: a day, or the longest below that is offered. */
export function quotePeriod (periods: readonly string[]): string {
  const { length } = periods
  const day = periods.indexOf('1d')
  if (day >= 0) return '1d'
  const longer = periods.findIndex((period) => /[dwM]$/.test(period))
  return periods[Math.max(0, (longer < 0 ? length : longer) - 1)]
}

export function quoteOf (bars: readonly Bar[]): Quote | undefined {
  const last = bars.at(-1)
  if (last === undefined) return undefined
  const { close: before } = bars.at(-2) ?? { close: last.open }
  return { close: last.close, change: before > 0 ? last.close / before - 1 : undefined }
}
