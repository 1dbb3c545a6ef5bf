import type { Socket } from 'node:net'
import { join } from 'node:path'
import type { Contract } from '../market/contract.ts'
import type { Ladder } from '../market/ladder.ts'
import type { Marks } from './book.ts'
import { type DirectoryParts, DirectoryReads, FILE, openFile, refuseRepair, WRITER } from './directory.ts'
import { orDamaged } from './damage.ts'
import type { Entry } from './entry.ts'
import { checkRoom, makeDirectory } from './disk.ts'
import { checkTables, Meta } from './meta.ts'
import { claim } from './owner.ts'
import { encodeEntries } from './record.ts'
import { type Applied, KEEP_EVENTS, type Retention, type Store } from './store.ts'
import type { Tail } from './tail.ts'
import { causeOf, NEWEST } from './view.ts'

export interface LmdbOptions extends Retention {
  readonly dataDir: string
  /** After how many minutes the bars move from memory to the archive. More: fewer, larger writes, and a longer start. */
  readonly archiveEvery?: number
  /** Hears of an archive run that failed. Nothing is lost by it: the journal still has the entries. */
  readonly onArchiveError: (err: unknown) => void
  /**
   * Hears, once, that a commit or a roll-up failed and this process can take no more: it has to end, and to be started again.
   * Everything that was acknowledged is on disk.
   */
  readonly onBroken?: (err: Error) => void
  /** Says up to where in the log nobody needs the journal any more of which the archive has all up to `upTo`. */
  readonly dropTo?: (upTo: number) => number
  /** Gets each connection to the socket by which other processes know that the directory has an owner; closes them if left out. */
  readonly onPeer?: (socket: Socket) => void
}

// All that a contract has new goes to the archive in one step, which must not hold the event loop for long.
const CONTRACT_MINUTES = 4096
// An import lands in few contracts, so its minutes count as if all had come for one of sixteen.
const IMPORT_WEIGHT = 16
// How many times `archiveEvery` may wait in memory before producers wait for the archive.
const MOST_PENDING = 8
const CONTRACTS_PER_COMMIT = 32
// What a commit may need beside what it writes: copies of the pages that it changes, one for a record, a few for each lane.
const RECORD_SPARE = 512 * 1024
const ARCHIVE_SPARE = 8 * 1024 * 1024

/**
 * Bars on disk. An accepted batch is one record of a journal, which is all that has to be durable before the bars
 * show: one run of bytes, where writing each bar of each period to its place would touch a page for every one.
 * Now and then the bars themselves go to the archive, and the journal is cut.
 */
export async function createLmdbStore (ladder: Ladder, options: LmdbOptions): Promise<Store> {
  const { dataDir, onPeer } = options
  makeDirectory(dataDir)
  const root = openFile(dataDir, WRITER)
  let release = async (): Promise<void> => {}
  try {
    checkTables(root, dataDir)
    const meta = new Meta(root)
    release = await claim(dataDir, meta.owner, onPeer)
    refuseRepair(dataDir) // one that began meanwhile, and looks for an owner after that
    return new LmdbStore({ root, meta, ladder, options, release })
  } catch (err) {
    await release()
    await root.close()
    throw orDamaged(join(dataDir, FILE), err)
  }
}

interface Parts extends Pick<DirectoryParts, 'root' | 'meta' | 'ladder'> {
  readonly options: LmdbOptions
  readonly release: () => Promise<void>
}

class LmdbStore extends DirectoryReads implements Store {
  readonly #archiveEvery: number
  readonly #dropTo: (upTo: number) => number
  readonly #onArchiveError: (err: unknown) => void
  readonly #onBroken: (err: Error) => void
  readonly #release: () => Promise<void>
  /** How many minutes are in memory only, and the entries up to which they are in the archive. */
  #pending = 0
  #archivedAt: number
  #archiving: Promise<void> | undefined
  #closing = false
  /** Ends when the transaction does that is under way. */
  #committing: Promise<unknown> = Promise.resolve()
  #broken: Error | undefined

  constructor ({ root, meta, ladder, options: { dataDir, archiveEvery = 65_536, keepEvents = KEEP_EVENTS, onBroken = () => {}, dropTo = (upTo) => upTo, onArchiveError }, release }: Parts) {
    super({ root, meta, ladder, dataDir, keepEvents, view: NEWEST })
    this.#archiveEvery = archiveEvery
    this.#dropTo = dropTo
    this.#onArchiveError = onArchiveError
    this.#onBroken = onBroken
    this.#release = release
    this.restore((entries) => { this.#pending += weigh(entries) })
    this.#archivedAt = this.journal.begin(NEWEST)
  }

  async * apply (entries: readonly Entry[], onDurable = () => {}): AsyncGenerator<Applied> {
    if (this.#pending > this.#archiveEvery * MOST_PENDING) await this.#archiving
    const record = encodeEntries(entries)
    checkRoom(this.dataDir, record.length + RECORD_SPARE)
    await this.#commit(() => { this.journal.put(this.clerk.position, record) })
    onDurable()
    try {
      yield * this.clerk.apply(entries)
    } catch (err) {
      // The journal has them and the bars don't, so what comes after them can't be told from them.
      throw this.#break('Entries of the journal could not be rolled up', err)
    }
    this.#pending += weigh(entries)
    if (this.#pending >= Math.min(this.#archiveEvery, CONTRACT_MINUTES * this.book.contracts.size)) this.#archiving ??= this.#runArchive()
  }

  async close (): Promise<void> {
    this.#closing = true
    await this.#archiving
    await this.root.close()
    await this.#release()
  }

  /** Moves every contract's new bars to the archive, a few contracts in one transaction, then cuts the journal. */
  async #runArchive (): Promise<void> {
    const { position: upTo } = this.clerk
    const marks: Marks = { ...this.book.marks }
    const since = this.#archivedAt
    this.root.readerCheck() // what a process that died was reading holds up pages
    this.#archivedAt = upTo
    this.#pending = 0
    try {
      const contracts = [...this.book.contracts.values()].filter((contract) => contract.position > since)
      for (let i = 0; i < contracts.length && !this.#closing; i += CONTRACTS_PER_COMMIT) {
        await this.#archiveSome(contracts.slice(i, i + CONTRACTS_PER_COMMIT), since)
      }
      if (this.#closing) return
      await this.#commit(() => {
        this.meta.putMarks(marks)
        this.journal.cut(this.#dropTo(upTo))
      })
    } catch (err) {
      this.#archivedAt = since // and the next run, which is as far away as ever, takes all
      this.#onArchiveError(err)
    } finally {
      this.#archiving = undefined
    }
  }

  async #archiveSome (contracts: readonly Contract[], since: number): Promise<void> {
    const seqs: number[] = []
    checkRoom(this.dataDir, ARCHIVE_SPARE)
    await this.#commit(() => {
      for (const contract of contracts) {
        this.archive.put(contract, { book: this.book, since })
        for (const { seq } of contract.lanes) seqs.push(seq)
      }
    })
    let next = 0
    for (const { lanes } of contracts) for (const lane of lanes) (lane.history as Tail).archived(seqs[next++])
  }

  /**
   * One transaction at a time, and after one that failed no other. What could not be made durable may be reported
   * once more by the next one, at the write after which LMDB refuses everything, reads too; and lmdb (3.5.6) leaves
   * whoever commits after that without an answer.
   */
  async #commit (write: () => void): Promise<void> {
    const commit = this.#committing.then(async () => { await this.#commitNext(write) })
    this.#committing = commit.catch(() => {})
    await commit
  }

  async #commitNext (write: () => void): Promise<void> {
    if (this.#broken !== undefined) throw this.#broken
    try {
      await this.root.batch(write)
    } catch (err) {
      const cause = await causeOf(err)
      if (cause === undefined) throw err // what was to be written was at fault
      throw this.#break('A commit failed', cause)
    }
  }

  /** From now on nothing is taken. */
  #break (what: string, cause: unknown): Error {
    this.#broken = new Error(`${what} (${(cause as Error).message}): the data directory \`${this.dataDir}\` can't be written by this process any more, which has to end, and to be started again`, { cause })
    this.#onBroken(this.#broken)
    return this.#broken
  }
}

/** How many minutes entries put into memory; a watermark counts as one. */
function weigh (entries: readonly Entry[]): number {
  let minutes = 0
  for (const entry of entries) minutes += 'kind' in entry && entry.kind === 'import' ? entry.minutes.length * IMPORT_WEIGHT : 1
  return minutes
}
