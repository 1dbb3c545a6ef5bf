import type { Database, RootDatabase } from 'lmdb'
import type { Bucket } from '../market/bucket.ts'
import type { Contract } from '../market/contract.ts'
import type { Lane } from '../market/lane.ts'
import type { Book } from './book.ts'
import { Blocks } from './blocks.ts'
import { BYTES_TO_BYTES } from './clustered.ts'
import { decodeRows, encodeRows } from './row.ts'
import { Table } from './table.ts'
import type { Tail } from './tail.ts'
import type { View } from './view.ts'

/** How many more rows of a lane one run may remove than it adds: what has to go, goes little by little. */
const PRUNE_MORE = 64

/** How much of a contract's state goes before that of its lanes, and how much each lane has. */
const HEAD = 4
const PER_LANE = 4

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
    const { symbol, position, first, frontier, watermark, lanes } = contract
    for (const lane of lanes) {
      const added = contract.barsPosition > since ? this.#putLane(symbol, lane) : 0
      this.#pruneLane(contract, lane, { book, limit: added + PRUNE_MORE })
    }
    const state = new Float64Array(HEAD + PER_LANE * lanes.length)
    state.set([position, first, frontier, watermark])
    const open: Bucket[] = []
    lanes.forEach(({ seq, resetSeq, newest, open: bucket }, i) => {
      state.set([seq, resetSeq, newest, bucket === undefined ? 0 : 1], HEAD + PER_LANE * i)
      if (bucket !== undefined) open.push(bucket)
    })
    this.#contracts.put(Buffer.from(symbol, 'latin1'), Buffer.concat([Buffer.from(state.buffer), encodeRows(open)]))
  }

  /** Brings every contract back to where it was when it was put here. */
  load (book: Book): void {
    for (const { key, value } of this.#contracts.getRange({ ...this.#view })) {
      const contract = book.contract(key.toString('latin1'))
      const { state, unfinished } = decodeState(value, contract.lanes.length)
      const [position, first, frontier, watermark] = state
      Object.assign(contract, { position, barsPosition: position, first, frontier, watermark })
      contract.lanes.forEach((lane, i) => {
        const [seq, resetSeq, newest, isOpen] = state.subarray(HEAD + PER_LANE * i)
        Object.assign(lane, { seq, resetSeq, newest });
        (lane.history as Tail).archived(seq)
        if (isOpen === 1) lane.open = unfinished.shift()
      })
    }
  }

  /**
   * Has every contract, whose bars are no older than those here, let go of what is here; a few at a time, between
   * which others have their turn. What reads see must not change meanwhile.
   */
  * release (book: Book): Generator<void> {
    for (const { key, value } of this.#contracts.getRange({ ...this.#view })) {
      const { lanes } = book.contract(key.toString('latin1'))
      const { state } = decodeState(value, lanes.length)
      lanes.forEach(({ history }, i) => { (history as Tail).archived(state[HEAD + PER_LANE * i]) })
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

/** How a contract stood, and after that its unfinished bars. */
function decodeState (value: Buffer, lanes: number): { state: Float64Array, unfinished: Bucket[] } {
  const length = (HEAD + PER_LANE * lanes) * Float64Array.BYTES_PER_ELEMENT
  const state = new Float64Array(new Uint8Array(value.subarray(0, length)).buffer)
  return { state, unfinished: decodeRows(value.subarray(length)) }
}
