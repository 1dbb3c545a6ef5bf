import type { Period } from '../market/period.ts'
import { findCommit } from './commits.ts'
import { DataFile } from './data-file.ts'
import { type Making, readMaking } from './making.ts'
import type { PageFile } from './page-file.ts'
import type { ContractState, LaneState } from './state.ts'
import { readBar, readContract, readEvents, readRecord } from './stored.ts'
import type { Row } from './tree.ts'

/** What there is in a data directory. */
export interface Inventory {
  contracts: number
  readonly bars: Map<Period, number>
  events: number
  /** Entries of the log that the journal has. */
  entries: number
}

/** Hears of a problem: in which table, and what. */
export type Tell = (table: string, problem: string) => void

/**
 * Reads every row of a file and tells of all that can't be what was written. There are no checksums: a number that is
 * another now, but could be a bar's, is not seen.
 *
 * @throws KLP_ERR_INCOMPATIBLE
 */
export function inspect (file: PageFile, tell: Tell): Inventory {
  const commit = findCommit(file, ({ message }) => { tell('the file', message) })
  if (commit === undefined) return { contracts: 0, bars: new Map(), events: 0, entries: 0 }
  const data = new DataFile(file, { commit, lost (table, { err }) { tell(table, err.message) } })
  return new Inspector(data, { making: readMaking(data, file.path), tell }).run()
}

class Inspector {
  readonly #data: DataFile
  readonly #making: Making
  readonly #tell: Tell
  readonly #states = new Map<string, ContractState>()
  readonly #inventory: Inventory = { contracts: 0, bars: new Map(), events: 0, entries: 0 }

  constructor (data: DataFile, { making, tell }: { making: Making, tell: Tell }) {
    this.#data = data
    this.#making = making
    this.#tell = tell
  }

  run (): Inventory {
    const end = this.#readJournal()
    this.#readContracts(end)
    const { marks, faults } = this.#making
    if (end > 0) for (const fault of faults) this.#tell('meta', fault) // new data say nothing yet
    if (marks.position > end) this.#tell('meta', `its marks are of entry ${marks.position}, and the journal ends with ${end}`)
    this.#readBars()
    this.#readEvents()
    const { conflict } = this.#data
    if (conflict !== undefined) this.#tell('free', `page ${conflict} is in use although it is free`)
    return this.#inventory
  }

  /** Says where the log ends. */
  #readJournal (): number {
    let next: number | undefined
    for (const { position, entries } of this.#stored('journal', readRecord)) {
      if (next !== undefined && next !== position) this.#tell('journal', `entry ${next} is followed by ${position}`)
      next = position + entries.length
      this.#inventory.entries += entries.length
    }
    return next ?? 0
  }

  #readContracts (end: number): void {
    for (const { symbol, state } of this.#stored('contracts', readContract)) {
      if (state.position > end) this.#tell('contracts', `${symbol}: it has entry ${state.position}, and the journal ends with ${end}`)
      this.#states.set(symbol, state)
      this.#inventory.contracts++
    }
  }

  #readBars (): void {
    const { bars: counts } = this.#inventory
    const newest = new Map<string, number>()
    for (const { symbol, period, bars: [{ time, seq }] } of this.#stored('bars', readBar)) {
      counts.set(period, (counts.get(period) ?? 0) + 1)
      newest.set(`${symbol}.${period}`, time)
      const lane = this.#lane(symbol, period)
      if (lane === undefined || seq > lane.seq) this.#tell('bars', `${symbol}.${period} at ${time}: it is event ${seq} of ${lane?.seq ?? 'a contract that is not there'}`)
    }
    for (const { key, lane } of this.#lanes()) {
      const last = newest.get(key)
      if (last !== undefined && last !== lane.newest) this.#tell('bars', `${key}: the newest is at ${last}, and should be at ${lane.newest}`)
    }
  }

  /** After the newest import they follow one on the other, up to the newest. */
  #readEvents (): void {
    const newest = new Map<string, number>()
    for (const { symbol, period, bars } of this.#stored('events', readEvents)) {
      const key = `${symbol}.${period}`
      this.#inventory.events += bars.length
      const before = newest.get(key)
      const [{ seq }] = bars
      if (before !== undefined && before >= (this.#lane(symbol, period)?.resetSeq ?? 0) && seq !== before + 1) this.#tell('events', `${key}: ${before} is followed by ${seq}`)
      newest.set(key, bars[bars.length - 1].seq)
    }
    for (const { key, lane: { seq, resetSeq } } of this.#lanes()) {
      if (seq > resetSeq && newest.get(key) !== seq) this.#tell('events', `${key}: the newest is ${newest.get(key) ?? 'none'}, and should be ${seq}`)
    }
  }

  /** The rows of a table that can be read. */
  * #stored<T extends object> (table: string, read: (row: Row, making: Making) => T | string): Generator<T> {
    for (const row of this.#data.rows(table)) {
      const stored = read(row, this.#making)
      if (typeof stored === 'string') this.#tell(table, `page ${row.page.number}: ${stored}`)
      else yield stored
    }
  }

  #lane (symbol: string, period: Period): LaneState | undefined {
    return this.#states.get(symbol)?.lanes[this.#making.periods.indexOf(period)]
  }

  * #lanes (): Generator<{ key: string, lane: LaneState }> {
    for (const [symbol, { lanes }] of this.#states) for (const [i, lane] of lanes.entries()) yield { key: `${symbol}.${this.#making.periods[i]}`, lane }
  }
}
