import type { Bucket } from '../market/bucket.ts'
import { Contract } from '../market/contract.ts'
import type { Ladder } from '../market/ladder.ts'
import type { History, Lane } from '../market/lane.ts'
import type { Period } from '../market/period.ts'
import type { EventQuery, Query, SymbolInfo } from './store.ts'

/** How far the watermarks of all contracts have come. */
export interface Marks {
  /** The place in the log after the newest of them. */
  position: number
  /** The newest of a producer. */
  watermark: number
  /** The newest of the clock. */
  clock: number
}

export const NO_MARKS: Marks = { position: 0, watermark: -Infinity, clock: -Infinity }

export interface BookOptions {
  readonly keepEvents: number
  readonly history: (symbol: string, period: Period) => History
}

/** Every contract, and how its bars and events are read: the same in both stores. */
export class Book {
  readonly contracts = new Map<string, Contract>()
  readonly periods: readonly Period[]
  readonly marks: Marks = { ...NO_MARKS }
  readonly #ladder: Ladder
  readonly #options: BookOptions
  readonly #places: ReadonlyMap<Period, number>

  constructor (ladder: Ladder, options: BookOptions) {
    this.#ladder = ladder
    this.#options = options
    this.periods = ladder.rungs.map(({ period }) => period)
    this.#places = new Map(ladder.rungs.map(({ period }, place) => [period, place]))
  }

  contract (symbol: string): Contract {
    let contract = this.contracts.get(symbol)
    if (contract === undefined) {
      contract = new Contract(symbol, this.#ladder, (period) => this.#options.history(symbol, period))
      this.contracts.set(symbol, contract)
    }
    return contract
  }

  reaches (symbol: string, time: number): boolean {
    return this.contracts.get(symbol)?.reaches(time, this.#clock) ?? true
  }

  seq (symbol: string, period: Period): number {
    return this.#lane(symbol, period)?.seq ?? 0
  }

  buckets ({ symbol, period, start, end = Infinity, limit }: Query): Bucket[] {
    const contract = this.contracts.get(symbol)
    const lane = this.#lane(symbol, period)
    if (contract === undefined || lane === undefined) return []
    if (limit === 1 && start === undefined && end === Infinity) return this.#current(contract, lane)
    return lane.range({ start: Math.max(start ?? -Infinity, this.floor(contract, lane)), end, limit, newest: start === undefined })
  }

  events ({ symbol, period, seq, limit }: EventQuery): Bucket[] | undefined {
    const lane = this.#lane(symbol, period)
    if (lane === undefined) return seq === 0 ? [] : undefined
    if (seq > lane.seq || seq < this.oldestSeq(lane)) return undefined
    return lane.history.eventsAfter(seq, limit)
  }

  /** The open time of the oldest bar that is kept. */
  floor (contract: Contract, lane: Lane): number {
    return contract.floor(lane, this.#clock)
  }

  /** What came after this event is kept. */
  oldestSeq (lane: Lane): number {
    return Math.max(lane.resetSeq, lane.seq - this.#options.keepEvents)
  }

  open (symbol: string, period: Period): Bucket | undefined {
    return this.#lane(symbol, period)?.open
  }

  symbols (): SymbolInfo[] {
    const infos: SymbolInfo[] = []
    for (const contract of this.contracts.values()) {
      const { symbol, lanes: [minutes], first } = contract
      const floor = this.floor(contract, minutes)
      const [oldest] = first < floor ? minutes.range({ start: floor, end: Infinity, limit: 1, newest: false }) : []
      for (const last of this.#current(contract, minutes)) infos.push({ symbol, firstTime: oldest?.time ?? first, lastTime: last.time, lastClose: last.close })
    }
    return infos.sort((a, b) => a.symbol < b.symbol ? -1 : 1)
  }

  #lane (symbol: string, period: Period): Lane | undefined {
    return this.contracts.get(symbol)?.lanes[this.#places.get(period) as number]
  }

  /** The newest bar, if there is one that is still kept. */
  #current (contract: Contract, lane: Lane): Bucket[] {
    const bucket = lane.current()
    return bucket === undefined || bucket.time < this.floor(contract, lane) ? [] : [bucket]
  }

  /** What the log knows of the time; Infinity where no clock writes into it. */
  get #clock (): number {
    return this.marks.clock === -Infinity ? Infinity : this.marks.clock
  }
}
