import type { Bucket } from '../market/bucket.ts'
import { Contract, type Outcome } from '../market/contract.ts'
import { Events } from '../market/events.ts'
import type { Ladder } from '../market/ladder.ts'
import type { History, Lane } from '../market/lane.ts'
import { MINUTE, type Period } from '../market/period.ts'
import type { Applied, Entry, Query, SymbolInfo } from './store.ts'

/** How long one slice may hold the event loop, and how often it looks at the clock. */
const SLICE_MS = 20
const LOOK_EVERY = 64

/** Every contract's bars in memory: what both stores do with entries, and how both are read. */
export class Book {
  readonly contracts = new Map<string, Contract>()
  /** How many entries of the log are in the bars. */
  position = 0
  readonly #ladder: Ladder
  readonly #history: (symbol: string, period: Period) => History
  readonly #places: ReadonlyMap<Period, number>

  constructor (ladder: Ladder, history: (symbol: string, period: Period) => History) {
    this.#ladder = ladder
    this.#history = history
    this.#places = new Map(ladder.rungs.map(({ period }, place) => [period, place]))
  }

  contract (symbol: string): Contract {
    let contract = this.contracts.get(symbol)
    if (contract === undefined) {
      contract = new Contract(symbol, this.#ladder, (period) => this.#history(symbol, period))
      this.contracts.set(symbol, contract)
    }
    return contract
  }

  /** Rolls entries up in slices. Where a slice ends depends on the clock; what the bars become does not. */
  async * apply (entries: readonly Entry[]): AsyncGenerator<Applied> {
    for (let next = 0; next < entries.length;) {
      if (next > 0) await turn()
      const until = performance.now() + SLICE_MS
      const outcomes: Outcome[] = []
      const events = new Events()
      do {
        outcomes.push(this.applyOne(entries[next++], events))
      } while (next < entries.length && (next % LOOK_EVERY !== 0 || performance.now() < until))
      yield { outcomes, events: events.list }
    }
  }

  applyOne (entry: Entry, events: Events): Outcome {
    const contract = this.contract(entry.symbol)
    contract.position = ++this.position
    return contract.apply(entry, events)
  }

  reaches (symbol: string, time: number): boolean {
    return this.contracts.get(symbol)?.reaches(time) ?? true
  }

  seq (symbol: string, period: Period): number {
    return this.#lane(symbol, period)?.seq ?? 0
  }

  buckets ({ symbol, period, start, end = Infinity, limit }: Query): Bucket[] {
    const lane = this.#lane(symbol, period)
    if (lane === undefined) return []
    if (limit === 1 && start === undefined && end === Infinity) {
      const current = lane.current()
      return current === undefined ? [] : [current]
    }
    return lane.range({ start: start ?? -Infinity, end, limit, newest: start === undefined })
  }

  symbols (): SymbolInfo[] {
    const infos: SymbolInfo[] = []
    for (const { symbol, lanes: [minutes], first, frontier } of this.contracts.values()) {
      const last = minutes.current()
      if (last !== undefined) infos.push({ symbol, firstTime: first, lastTime: frontier - MINUTE, lastClose: last.close })
    }
    return infos.sort((a, b) => a.symbol < b.symbol ? -1 : 1)
  }

  #lane (symbol: string, period: Period): Lane | undefined {
    const place = this.#places.get(period)
    return place === undefined ? undefined : this.contracts.get(symbol)?.lanes[place]
  }
}

function turn (): Promise<void> {
  return new Promise((resolve) => { setImmediate(resolve) })
}
