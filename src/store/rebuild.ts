import type { RootDatabase } from 'lmdb'
import type { Bucket } from '../market/bucket.ts'
import type { Contract } from '../market/contract.ts'
import { placeMinute } from '../market/fill.ts'
import type { Ladder } from '../market/ladder.ts'
import { type Knows, mendContract } from '../market/mend.ts'
import { Archive, restoreContract } from './archive.ts'
import { Book } from './book.ts'
import { Clerk } from './clerk.ts'
import { checkRoom } from './disk.ts'
import type { Entry } from './entry.ts'
import { Gaps } from './gaps.ts'
import { Journal } from './journal.ts'
import type { Meta } from './meta.ts'
import { Pool } from './pool.ts'
import type { Salvage } from './salvage.ts'
import { KEEP_EVENTS } from './store.ts'
import type { StoredBars } from './stored.ts'
import { Tail } from './tail.ts'
import type { Row } from './tree.ts'
import { commit, NEWEST } from './view.ts'

const BARS_PER_COMMIT = 2000
const CONTRACTS_PER_COMMIT = 32
const COMMIT_SPARE = 16 * 1024 * 1024

export interface RebuildParts { readonly root: RootDatabase, readonly meta: Meta, readonly ladder: Ladder, readonly dataDir: string }

/** What the bars of a key that were read say of it. */
interface Seen { readonly oldest: Bucket, newest: Bucket, seq: number }

/** How much was found, and how many late minutes could not be taken into longer bars. */
export interface Found { readonly contracts: number, readonly bars: number, readonly entries: number, readonly spared: number }

/**
 * Fills a new file with what can be read of a damaged one: the bars as they are, since those of longer periods may be
 * of minutes that are not kept any more, the contracts as they stood, and what the journal had beyond that. Events
 * are left behind, because nobody has a position in new data.
 */
export class Rebuild {
  readonly #root: RootDatabase
  readonly #meta: Meta
  readonly #dataDir: string
  readonly #book: Book
  readonly #archive: Archive
  readonly #journal: Journal
  readonly #clerk: Clerk
  readonly #seen = new Map<string, Seen>()
  /** Contracts that have lost bars. */
  readonly #torn = new Map<Contract, Knows>()
  #spared = 0

  constructor ({ root, meta, ladder, dataDir }: RebuildParts) {
    const pool = new Pool()
    meta.epoch(ladder, dataDir)
    this.#root = root
    this.#meta = meta
    this.#dataDir = dataDir
    this.#archive = new Archive(root, NEWEST)
    this.#journal = new Journal(root)
    this.#book = new Book(ladder, { keepEvents: KEEP_EVENTS, history: (symbol, period) => new Tail({ symbol, period, archive: this.#archive, pool }) })
    this.#clerk = new Clerk(this.#book)
  }

  async fill (salvage: Salvage): Promise<Found> {
    const bars = await this.#copyBars(salvage)
    const stood = new Set<string>()
    for (const { symbol, state } of salvage.contracts()) {
      restoreContract(this.#book.contract(symbol), state)
      stood.add(symbol)
    }
    const gaps = new Gaps(salvage.gaps)
    for (const contract of this.#book.contracts.values()) this.#settle(contract, { gaps, stood })
    Object.assign(this.#book.marks, salvage.making.marks)
    let found = 0
    for (const { position, entries } of salvage.records()) {
      this.#clerk.position = position
      for (const entry of entries) this.#clerk.replay([this.#spare(entry)])
      found += entries.length
    }
    await this.#moveToArchive()
    return { contracts: this.#book.contracts.size, bars, entries: found, spared: this.#spared }
  }

  async #copyBars (salvage: Salvage): Promise<number> {
    let count = 0
    let batch: (StoredBars & { row: Row })[] = []
    const flush = async (): Promise<void> => {
      await this.#commit(() => {
        for (const { symbol, period, bars: [{ time, seq }], row } of batch) this.#archive.bars.put(symbol, period, { time, seq, bytes: row.value })
      })
      batch = []
    }
    for (const stored of salvage.bars()) {
      this.#see(stored)
      count++
      if (batch.push(stored) === BARS_PER_COMMIT) await flush()
    }
    await flush()
    return count
  }

  #see ({ symbol, period, bars: [bar] }: StoredBars): void {
    const { key } = this.#book.contract(symbol).lanes[this.#book.periods.indexOf(period)]
    const seen = this.#seen.get(key)
    if (seen === undefined) this.#seen.set(key, { oldest: bar, newest: bar, seq: bar.seq })
    else Object.assign(seen, { newest: bar, seq: Math.max(seen.seq, bar.seq) })
  }

  /** Has a contract agree with its bars, and makes anew what it lacks and they tell. */
  #settle (contract: Contract, { gaps, stood }: { gaps: Gaps, stood: ReadonlySet<string> }): void {
    const { symbol, lanes } = contract
    const isOlder = !stood.has(symbol) || lanes.some(({ key, seq, newest }) => {
      const seen = this.#seen.get(key)
      return seen !== undefined && (seen.seq > seq || seen.newest.time > newest)
    })
    for (const lane of lanes) {
      const seen = this.#seen.get(lane.key)
      if (isOlder) lane.open = undefined
      if (seen !== undefined) Object.assign(lane, { seq: Math.max(lane.seq, seen.seq), newest: seen.newest.time })
    }
    const minutes = lanes.map(({ key }) => this.#seen.get(key)).find((seen) => seen !== undefined)
    if (minutes !== undefined) {
      contract.first = Math.min(contract.first, Math.max(minutes.oldest.time, 0))
      contract.frontier = Math.max(contract.frontier, minutes.newest.end)
    }
    const knows = gaps.of(contract)
    if (knows !== undefined) this.#torn.set(contract, knows)
    else if (!isOlder) return
    mendContract(contract, knows ?? (() => true))
    for (const lane of lanes) lane.newest = lane.history.range({ start: -Infinity, end: Infinity, limit: 1, newest: true })[0]?.time ?? lane.newest
  }

  /**
   * An entry without those of its minutes that are late, and belong to longer bars of which not all parts are left:
   * these stay as they were, where they would become what the part is.
   */
  #spare (entry: Entry): Entry {
    if ('kind' in entry && entry.kind !== 'import') return entry
    const contract = this.#book.contracts.get(entry.symbol)
    if (contract === undefined || contract.position > this.#clerk.position) return entry
    const knows = this.#torn.get(contract)
    if (knows === undefined) return entry
    const { lanes, frontier } = contract
    const minutes = 'kind' in entry ? entry.minutes : [entry]
    const torn = minutes.filter(({ time }) => time < frontier && !lanes.every((lane) => {
      const start = contract.start(lane, time)
      return lane.source === lane || knows(lane.source, { start, end: contract.end(lane, start) })
    }))
    for (const minute of torn) if (placeMinute(lanes[0], minute) !== 'duplicate') lanes[0].seq++
    this.#spared += torn.length
    return torn.length === 0 ? entry : { kind: 'import', symbol: entry.symbol, minutes: minutes.filter((minute) => !torn.includes(minute)) }
  }

  /** Puts everything into the archive; of the journal stays where the log is. */
  async #moveToArchive (): Promise<void> {
    const contracts = [...this.#book.contracts.values()]
    for (let i = 0; i < contracts.length; i += CONTRACTS_PER_COMMIT) {
      await this.#commit(() => {
        for (const contract of contracts.slice(i, i + CONTRACTS_PER_COMMIT)) {
          for (const lane of contract.lanes) lane.resetSeq = lane.seq
          this.#archive.put(contract, { book: this.#book, since: -1 })
        }
      })
    }
    const { marks } = this.#book
    const end = contracts.reduce((end, { position }) => Math.max(end, position), Math.max(this.#clerk.position, marks.position))
    await this.#commit(() => {
      this.#meta.putMarks(marks)
      this.#journal.put(end, Buffer.alloc(0))
    })
    this.#meta.forgetEpoch()
  }

  async #commit (write: () => void): Promise<void> {
    checkRoom(this.#dataDir, COMMIT_SPARE)
    await commit(this.#root, write)
  }
}
