import type { Socket } from 'node:net'
import { join } from 'node:path'
import { open, type RootDatabase } from 'lmdb'
import type { Ladder } from '../market/ladder.ts'
import { Archive } from './archive.ts'
import { Book } from './book.ts'
import { Clerk } from './clerk.ts'
import { checkFile } from './damage.ts'
import { Journal } from './journal.ts'
import { Meta } from './meta.ts'
import { connectToOwner } from './owner.ts'
import { Pool } from './pool.ts'
import { BookReads } from './reads.ts'
import { type Applied, KEEP_EVENTS, type Retention } from './store.ts'
import { Tail } from './tail.ts'
import { newestOf, type View } from './view.ts'

/** So many contracts let go of what is in the archive, then others have their turn. */
const RELEASE_AT_ONCE = 200

export interface FollowerOptions extends Retention { readonly dataDir: string }

/**
 * The bars of a data directory that another process owns. The same journal, rolled up by the same rules, makes the
 * same bars, `seq` and events here.
 *
 * @throws KLP_ERR_INCOMPATIBLE, KLP_ERR_DAMAGED
 */
export function openFollower (ladder: Ladder, { dataDir, keepEvents = KEEP_EVENTS }: FollowerOptions): FollowerStore {
  const path = join(dataDir, 'bars.mdb')
  checkFile(path)
  const root = open({ path, noSubdir: true, maxDbs: 8, encoding: 'binary', cache: false, readOnly: true })
  const meta = new Meta(root)
  return new FollowerStore({ root, meta, ladder, keepEvents, dataDir, epoch: meta.epoch(ladder, dataDir) })
}

interface Parts { readonly root: RootDatabase, readonly meta: Meta, readonly ladder: Ladder, readonly keepEvents: number, readonly dataDir: string, readonly epoch: string }

/**
 * What is read from the file is as it was when the journal was last read to its end, and not newer: the owner may
 * already have moved bars to the archive that have not been told here.
 */
export class FollowerStore extends BookReads {
  readonly #root: RootDatabase
  readonly #meta: Meta
  readonly #dataDir: string
  readonly #view: View
  readonly #journal: Journal
  readonly #archive: Archive
  readonly #clerk: Clerk
  /** Where the journal began when the archive was last looked at. */
  #begin = 0

  constructor ({ root, meta, ladder, keepEvents, dataDir, epoch }: Parts) {
    const view: View = {}
    const archive = new Archive(root, view)
    const pool = new Pool()
    super(new Book(ladder, { keepEvents, history: (symbol, period) => new Tail({ symbol, period, archive, pool }) }), epoch)
    this.#root = root
    this.#meta = meta
    this.#dataDir = dataDir
    this.#view = view
    this.#journal = new Journal(root)
    this.#archive = archive
    this.#clerk = new Clerk(this.book)
  }

  /** Up to where in the log it has read. */
  get readUpTo (): number {
    return this.#clerk.position
  }

  /** Reads all that is there; before, nothing is. */
  load (): void {
    this.#view.transaction = newestOf(this.#root)
    Object.assign(this.book.marks, this.#meta.marks)
    this.#archive.load(this.book)
    this.#begin = this.#journal.begin(this.#view)
    for (const { position, entries } of this.#journal.read(0, this.#view)) {
      this.#clerk.position = position
      this.#clerk.replay(entries)
    }
  }

  async connectToOwner (): Promise<Socket> {
    this.#root.resetReadTxn()
    return await connectToOwner(this.#dataDir, this.#meta.owner)
  }

  /**
   * Takes in what the owner has made durable since the last time, a slice at a time. One call at a time.
   *
   * @throws when the owner has dropped from its journal what was not read here yet
   */
  async * catchUp (): AsyncGenerator<Applied> {
    const newest = newestOf(this.#root)
    const begin = this.#journal.begin({ transaction: newest })
    if (begin > this.#clerk.position) {
      newest.done()
      throw new Error(`The journal begins at ${begin}, and was read up to ${this.#clerk.position} here`)
    }
    for (const { entries } of [...this.#journal.read(this.#clerk.position, { transaction: newest })]) yield * this.#clerk.apply(entries)
    this.#view.transaction?.done()
    this.#view.transaction = newest
    if (begin === this.#begin) return
    this.#begin = begin
    await this.#release()
  }

  async close (): Promise<void> {
    this.#view.transaction?.done()
    await this.#root.close()
  }

  /** What the archive has need not be in memory. */
  async #release (): Promise<void> {
    const steps = this.#archive.release(this.book)
    for (let released = 1; steps.next().done !== true; released++) {
      if (released % RELEASE_AT_ONCE === 0) await new Promise((resolve) => { setImmediate(resolve) })
    }
  }
}
