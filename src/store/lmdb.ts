import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { open, type Database, type RootDatabase } from 'lmdb'
import { KlineError } from '../errors.ts'
import type { Contract } from '../market/contract.ts'
import { Events } from '../market/events.ts'
import type { Ladder } from '../market/ladder.ts'
import { Archive } from './archive.ts'
import { Book } from './book.ts'
import { newEpoch } from './epoch.ts'
import { decodeEntries, encodeEntries } from './journal.ts'
import { claim } from './owner.ts'
import type { Applied, Entry, Query, Store } from './store.ts'
import { Tail } from './tail.ts'

const FORMAT = 1

export interface LmdbOptions {
  dataDir: string
  /** After how many entries the bars move from memory to the archive. More: fewer, larger writes, and a longer start. */
  archiveEvery?: number
  /** Hears of an archive run that failed. Nothing is lost by it: the journal still has the entries. */
  onArchiveError?: (err: unknown) => void
}

/**
 * Bars on disk. An accepted batch is one record of a journal, which is all that has to be durable before the bars
 * show: one run of bytes, where writing each bar of each period to its place would touch a page for every one.
 * Now and then the bars themselves go to the archive, and the journal is cut.
 */
export async function createLmdbStore (ladder: Ladder, { dataDir, archiveEvery = 65_536, onArchiveError = () => {} }: LmdbOptions): Promise<Store> {
  mkdirSync(dataDir, { recursive: true })
  const root = open({
    path: join(dataDir, 'bars.mdb'),
    noSubdir: true,
    maxDbs: 8,
    encoding: 'binary',
    cache: false,
    overlappingSync: false, // a commit that resolves is on disk
    eventTurnBatching: false, // a transaction holds what we put in it and nothing else
  })
  const meta = root.openDB<string, string>('meta', { encoding: 'string', cache: false })
  let release: () => Promise<void>
  try {
    release = await claim(dataDir, {
      read: () => meta.get('owner'),
      swap: (expected, next) => meta.transactionSync(() => {
        if (meta.get('owner') !== expected) return false
        meta.putSync('owner', next)
        return true
      }),
    })
  } catch (err) {
    await root.close()
    throw err
  }
  try {
    const epoch = openMeta(meta, ladder, dataDir)
    return new LmdbStore({ root, ladder, epoch, archiveEvery, onArchiveError, release })
  } catch (err) {
    await release()
    await root.close()
    throw err
  }
}

class LmdbStore implements Store {
  readonly epoch: string
  readonly periods
  readonly #root: RootDatabase
  readonly #journal: Database<Buffer, Buffer>
  readonly #archive: Archive
  readonly #book: Book
  readonly #archiveEvery: number
  readonly #onArchiveError: (err: unknown) => void
  readonly #release: () => Promise<void>
  #archivedAt: number
  #archiving: Promise<void> | undefined
  #closing = false

  constructor ({ root, ladder, epoch, archiveEvery, onArchiveError, release }: { root: RootDatabase, ladder: Ladder, epoch: string, archiveEvery: number, onArchiveError: (err: unknown) => void, release: () => Promise<void> }) {
    this.epoch = epoch
    this.periods = ladder.rungs.map(({ period }) => period)
    this.#root = root
    this.#journal = root.openDB('journal', { keyEncoding: 'binary', encoding: 'binary', cache: false })
    const archive = new Archive(root)
    this.#archive = archive
    this.#archiveEvery = archiveEvery
    this.#onArchiveError = onArchiveError
    this.#release = release
    this.#book = new Book(ladder, (symbol, period) => new Tail(symbol, period, archive))
    this.#archive.load((symbol) => this.#book.contract(symbol))
    this.#archivedAt = this.#replay()
  }

  async * apply (entries: readonly Entry[]): AsyncGenerator<Applied> {
    await this.#commit(() => { this.#journal.put(positionKey(this.#book.position), encodeEntries(entries)).catch(ignore) })
    yield * this.#book.apply(entries)
    if (this.#book.position - this.#archivedAt >= this.#archiveEvery) this.#archiving ??= this.#runArchive()
  }

  reaches (): boolean {
    return true
  }

  position (symbol: string, period: Parameters<Store['position']>[1]) {
    return { epoch: this.epoch, seq: this.#book.seq(symbol, period) }
  }

  buckets (query: Query) {
    return this.#book.buckets(query)
  }

  symbols () {
    return this.#book.symbols()
  }

  get size () {
    return this.#book.contracts.size
  }

  async close (): Promise<void> {
    this.#closing = true
    await this.#archiving
    await this.#root.close()
    await this.#release()
  }

  /** Rolls up what the journal has and the archive has not; returns where the journal begins. */
  #replay (): number {
    let begin: number | undefined
    for (const { key, value } of this.#journal.getRange()) {
      this.#book.position = key.readUIntBE(0, 6)
      begin ??= this.#book.position
      for (const entry of decodeEntries(value)) {
        if (this.#book.contract(entry.symbol).position > this.#book.position) this.#book.position++
        else this.#book.applyOne(entry, new Events())
      }
    }
    return begin ?? 0
  }

  /** Moves every contract's new bars to the archive, a few contracts in one transaction, then cuts the journal. */
  async #runArchive (): Promise<void> {
    const upTo = this.#book.position
    const before = this.#archivedAt
    this.#archivedAt = upTo
    try {
      const contracts = [...this.#book.contracts.values()].filter((contract) => contract.position > before)
      for (let i = 0; i < contracts.length && !this.#closing; i += 32) await this.#archiveSome(contracts.slice(i, i + 32))
      if (!this.#closing) await this.#commit(() => { this.#cutJournal(upTo) })
    } catch (err) {
      this.#archivedAt = before
      this.#onArchiveError(err)
    } finally {
      this.#archiving = undefined
    }
  }

  async #archiveSome (contracts: Contract[]): Promise<void> {
    const seqs: number[] = []
    await this.#commit(() => {
      for (const contract of contracts) {
        this.#archive.put(contract)
        for (const { seq } of contract.lanes) seqs.push(seq)
      }
    })
    let next = 0
    for (const { lanes } of contracts) for (const lane of lanes) (lane.history as Tail).archived(seqs[next++])
  }

  /** Drops the records that lie before `upTo` as a whole; the last one stays, because it says where the log is. */
  #cutJournal (upTo: number): void {
    let previous: Buffer | undefined
    for (const key of this.#journal.getKeys({ end: positionKey(upTo + 1) })) {
      if (previous !== undefined) this.#journal.remove(previous).catch(ignore)
      previous = key
    }
  }

  async #commit (write: () => void): Promise<void> {
    try {
      await this.#root.batch(write)
    } catch (err) {
      // lmdb says why a commit failed in a second promise, which nobody else waits for
      const cause: unknown = await (err as { commitError?: Promise<never> }).commitError?.catch((reason: unknown) => reason)
      throw cause ?? err
    }
  }
}

/** For the parts of a transaction: what becomes of it is said by the whole. */
function ignore (): void {}

function openMeta (meta: Database<string, string>, { calendar, rungs }: Ladder, dataDir: string): string {
  const ours = { format: String(FORMAT), calendar: calendar.name, periods: rungs.map(({ period }) => period).join(' ') }
  const epoch = meta.get('epoch')
  if (epoch === undefined) {
    const made = newEpoch()
    meta.transactionSync(() => {
      for (const [name, value] of Object.entries({ ...ours, epoch: made })) meta.putSync(name, value)
    })
    return made
  }
  for (const [name, value] of Object.entries(ours)) {
    const theirs = meta.get(name)
    if (theirs !== value) throw new KlineError('KLP_ERR_INCOMPATIBLE', `The data directory \`${dataDir}\` was made with ${name} \`${theirs}\`, got \`${value}\``)
  }
  return epoch
}

function positionKey (position: number): Buffer {
  const key = Buffer.allocUnsafe(6)
  key.writeUIntBE(position, 0, 6)
  return key
}
