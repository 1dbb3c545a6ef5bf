import type { Database, RootDatabase } from 'lmdb'
import type { Contract } from '../market/contract.ts'
import type { Lane } from '../market/lane.ts'
import type { Book } from './book.ts'
import { BY_SEQ, BY_TIME, Table } from './table.ts'
import type { Tail } from './tail.ts'

/** How many more rows of a lane one run may remove than it adds: what has to go, goes little by little. */
const PRUNE_MORE = 64

/** How much of a contract's state goes before that of its lanes, and how much each lane has. */
const HEAD = 4
const PER_LANE = 4

/**
 * Where bars and events go when they leave the memory. Beside them a row per contract says up to which entry of the
 * log its bars go; all of them are written in one transaction, and whatever writes has to be called inside one.
 */
export class Archive {
  readonly bars: Table
  readonly events: Table
  readonly #contracts: Database<Buffer, Buffer>

  constructor (root: RootDatabase) {
    this.bars = new Table(root, 'bars', BY_TIME)
    this.events = new Table(root, 'events', BY_SEQ)
    this.#contracts = root.openDB('contracts', { keyEncoding: 'binary', encoding: 'binary', cache: false })
  }

  /** What a contract has that is not here yet; its bars only if they changed after `since`. What is no longer kept goes. */
  put (contract: Contract, { book, since }: { book: Book, since: number }): void {
    const { symbol, position, first, frontier, watermark, lanes } = contract
    for (const lane of lanes) {
      const added = contract.barsPosition > since ? this.#putLane(symbol, lane) : 0
      this.#pruneLane(contract, lane, { book, limit: added + PRUNE_MORE })
    }
    const state = new Float64Array(HEAD + PER_LANE * lanes.length)
    state.set([position, first, frontier, watermark])
    lanes.forEach(({ seq, resetSeq, newest, open }, i) => {
      state.set([seq, resetSeq, newest, open === undefined ? NaN : open.time], HEAD + PER_LANE * i)
    })
    this.#contracts.put(Buffer.from(symbol, 'latin1'), Buffer.from(state.buffer))
  }

  /** Brings every contract back to where it was when it was put here. */
  load (book: Book): void {
    for (const { key, value } of this.#contracts.getRange()) {
      const symbol = key.toString('latin1')
      const contract = book.contract(symbol)
      const state = new Float64Array(new Uint8Array(value).buffer)
      const [position, first, frontier, watermark] = state
      Object.assign(contract, { position, barsPosition: position, first, frontier, watermark })
      contract.lanes.forEach((lane, i) => {
        const [seq, resetSeq, newest, open] = state.subarray(HEAD + PER_LANE * i)
        Object.assign(lane, { seq, resetSeq, newest });
        (lane.history as Tail).archived(seq)
        if (!Number.isNaN(open)) lane.open = this.bars.at(symbol, lane.period, open)
      })
    }
  }

  #putLane (symbol: string, { period, history, open, resetSeq }: Lane): number {
    const { bars, events } = (history as Tail).unarchived()
    for (const bucket of bars) this.bars.put(symbol, period, bucket)
    for (const bucket of events) if (bucket.seq > resetSeq) this.events.put(symbol, period, bucket)
    if (open !== undefined) this.bars.put(symbol, period, open)
    return Math.max(bars.length, events.length)
  }

  /** Looks for rows to remove only where there may be some since the last time. */
  #pruneLane (contract: Contract, lane: Lane, { book, limit }: { book: Book, limit: number }): void {
    const { symbol } = contract
    const { pruned } = lane.history as Tail
    const floor = book.floor(contract, lane)
    if (floor > pruned.bars && this.bars.prune(symbol, lane.period, { before: floor, limit })) pruned.bars = floor
    const oldest = book.oldestSeq(lane)
    if (oldest > pruned.events && this.events.prune(symbol, lane.period, { before: oldest + 1, limit })) pruned.events = oldest
  }
}
