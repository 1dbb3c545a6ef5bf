import type { Database, RootDatabase } from 'lmdb'
import type { Contract } from '../market/contract.ts'
import type { Lane } from '../market/lane.ts'
import type { Book } from './book.ts'
import { Blocks } from './blocks.ts'
import { BYTES_TO_BYTES } from './clustered.ts'
import { type ContractState, decodeState, encodeState } from './state.ts'
import { Table } from './table.ts'
import type { Tail } from './tail.ts'
import type { View } from './view.ts'

/** How many more rows of a lane one run may remove than it adds: what has to go, goes little by little. */
const PRUNE_MORE = 64

/**
 * Where bars and events go when they leave the memory. Beside them a row per contract holds its unfinished bars and
 * says up to which entry of the log all of them go; they are written in one transaction, and whatever writes has to
 * be called inside one.
 */
export class Archive {
  readonly bars: Table
  readonly events: Blocks
  readonly #contracts: Database<Buffer, Buffer>
  readonly #view: View

  constructor (root: RootDatabase, view: View) {
    this.#view = view
    this.bars = new Table(root, view)
    this.events = new Blocks(root, view)
    this.#contracts = root.openDB('contracts', BYTES_TO_BYTES)
  }

  /** What a contract has that is not here yet; its bars only if they changed after `since`. What is no longer kept goes. */
  put (contract: Contract, { book, since }: { book: Book, since: number }): void {
    const { symbol, lanes } = contract
    for (const lane of lanes) {
      const added = contract.barsPosition > since ? this.#putLane(symbol, lane) : 0
      this.#pruneLane(contract, lane, { book, limit: added + PRUNE_MORE })
    }
    this.#contracts.put(Buffer.from(symbol, 'latin1'), encodeState(contract))
  }

  /** Brings every contract back to where it was when it was put here. */
  load (book: Book): void {
    for (const { key, value } of this.#contracts.getRange({ ...this.#view })) {
      const contract = book.contract(key.toString('latin1'))
      restoreContract(contract, decodeState(value, contract.lanes.length))
    }
  }

  /**
   * Has every contract, whose bars are no older than those here, let go of what is here; a few at a time, between
   * which others have their turn. What reads see must not change meanwhile.
   */
  * release (book: Book): Generator<void> {
    for (const { key, value } of this.#contracts.getRange({ ...this.#view })) {
      const { lanes } = book.contract(key.toString('latin1'))
      decodeState(value, lanes.length).lanes.forEach(({ seq }, i) => { (lanes[i].history as Tail).archived(seq) })
      yield
    }
  }

  #putLane (symbol: string, { period, history, resetSeq }: Lane): number {
    const { bars, events } = (history as Tail).unarchived()
    for (const row of bars) this.bars.put(symbol, period, row)
    this.events.put(symbol, period, events.filter(({ seq }) => seq > resetSeq))
    return Math.max(bars.length, events.length)
  }

  /** Looks for rows to remove only where there may be some since the last time. */
  #pruneLane (contract: Contract, lane: Lane, { book, limit }: { book: Book, limit: number }): void {
    const { symbol } = contract
    const { pruned } = lane.history as Tail
    const floor = book.floor(contract, lane)
    if (floor > pruned.bars && this.bars.prune(symbol, lane.period, { time: floor, limit })) pruned.bars = floor
    const oldest = book.oldestSeq(lane)
    if (oldest > pruned.events && this.events.prune(symbol, lane.period, { seq: oldest, limit })) pruned.events = oldest
  }
}

/** Brings a contract back to where it was, with no bars in memory. */
export function restoreContract (contract: Contract, { lanes, position, ...state }: ContractState): void {
  Object.assign(contract, { ...state, position, barsPosition: position })
  contract.lanes.forEach((lane, i) => {
    Object.assign(lane, lanes[i]);
    (lane.history as Tail).archived(lane.seq)
  })
}
