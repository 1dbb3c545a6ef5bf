import type { MinuteBar } from '../market/bar.ts'
import { MINUTE } from '../market/period.ts'
import type { SymbolInfo } from '../store/store.ts'
import { MAX_BATCH } from '../wire/minutes.ts'
import { type Pause, pauseUntil } from './pause.ts'

const PRODUCTS = [
  { code: 'rb', price: 3100, decimals: 0 },
  { code: 'hc', price: 3250, decimals: 0 },
  { code: 'i', price: 780, decimals: 1 },
  { code: 'cu', price: 86_000, decimals: 0 },
  { code: 'al', price: 21_500, decimals: 0 },
  { code: 'zn', price: 22_400, decimals: 0 },
  { code: 'au', price: 940, decimals: 2 },
  { code: 'ag', price: 11_600, decimals: 0 },
  { code: 'sc', price: 455, decimals: 1 },
  { code: 'IF', price: 4600, decimals: 1 },
] as const

const TRADES_PER_MINUTE = 8

interface Walk { readonly symbol: string, readonly decimals: number, ticks: number }

/** Contracts whose prices walk at random, one minute after the other. */
export class Market {
  readonly symbols: readonly string[]
  readonly #walks: readonly Walk[]
  readonly #random: () => number

  /** Contracts that are `known` go on from their last price. */
  constructor (contracts: number, { known = [], random = Math.random }: { known?: readonly SymbolInfo[], random?: () => number } = {}) {
    const lastClose = new Map(known.map(({ symbol, lastClose }) => [symbol, lastClose]))
    this.#random = random
    this.#walks = Array.from({ length: contracts }, (_, index) => {
      const { code, price, decimals } = PRODUCTS[index % PRODUCTS.length]
      const symbol = `${code}${delivery(Math.floor(index / PRODUCTS.length))}`
      return { symbol, decimals, ticks: Math.round((lastClose.get(symbol) ?? price) * 10 ** decimals) }
    })
    this.symbols = this.#walks.map(({ symbol }) => symbol)
  }

  /** The next minute of every contract. */
  minute (time: number): MinuteBar[] {
    return this.#walks.map((walk) => this.#step(walk, time))
  }

  #step (walk: Walk, time: number): MinuteBar {
    const open = walk.ticks
    let high = open
    let low = open
    for (let i = 0; i < TRADES_PER_MINUTE; i++) {
      walk.ticks = Math.max(1, walk.ticks + Math.floor(this.#random() * 5) - 2)
      high = Math.max(high, walk.ticks)
      low = Math.min(low, walk.ticks)
    }
    // Prices are whole ticks, so that none of them shows the noise of binary fractions.
    const price = (ticks: number) => Number(`${ticks}e-${walk.decimals}`)
    return { symbol: walk.symbol, time, open: price(open), high: price(high), low: price(low), close: price(walk.ticks), volume: 1 + Math.floor(this.#random() * 500) }
  }
}

export interface HistoryOptions {
  readonly market: Market
  /** How many minutes. */
  readonly minutes: number
  /** When the last of them ends, UTC milliseconds. */
  readonly end: number
  readonly importMinutes: (minutes: MinuteBar[]) => Promise<unknown>
}

/** Brings what a market had been doing before somebody began to look. */
export async function fillHistory ({ market, minutes, end, importMinutes }: HistoryOptions): Promise<void> {
  const atOnce = Math.max(1, Math.floor(MAX_BATCH / market.symbols.length))
  for (let from = minutes; from > 0; from -= atOnce) {
    const times = Array.from({ length: Math.min(atOnce, from) }, (_, place) => end - (from - place) * MINUTE)
    await importMinutes(times.flatMap((time) => market.minute(time)))
  }
}

export interface FeedOptions {
  readonly market: Market
  /** Simulated minutes per second. */
  readonly pace: number
  /** The first minute, UTC milliseconds. */
  readonly start: number
  readonly ingest: (minutes: MinuteBar[]) => Promise<unknown>
  readonly signal: AbortSignal
  readonly pause?: Pause
}

/** Brings one minute after the other until the signal says stop; returns how many. */
export async function runFeed ({ market, pace, start, ingest, signal, pause = pauseUntil }: FeedOptions): Promise<number> {
  const began = performance.now()
  let minutes = 0
  while (!signal.aborted) {
    await ingest(market.minute(start + minutes * MINUTE))
    minutes++
    await pause(began + minutes * 1000 / pace, signal)
  }
  return minutes
}

/** Where a feed goes on: after the newest minute that is known, and not before `now`. */
export function nextMinute (known: readonly SymbolInfo[], now: number): number {
  return known.reduce((time, { lastTime }) => Math.max(time, lastTime + MINUTE), now - now % MINUTE)
}

/** `2601`, `2602`, …, as exchanges name the month of delivery. */
function delivery (months: number): string {
  return `${26 + Math.floor(months / 12)}${String(months % 12 + 1).padStart(2, '0')}`
}
