import type { Socket } from 'node:net'
import type { Ladder } from '../market/ladder.ts'
import { turn } from './clerk.ts'
import { DirectoryReads, openFile } from './directory.ts'
import { Meta } from './meta.ts'
import { connectToOwner } from './owner.ts'
import { type Applied, KEEP_EVENTS, type Retention } from './store.ts'
import { newestOf } from './view.ts'

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
  const root = openFile(dataDir, { readOnly: true })
  return new FollowerStore({ root, meta: new Meta(root), ladder, dataDir, keepEvents, view: {} })
}

/**
 * What is read from the file is as it was when the journal was last read to its end, and not newer: the owner may
 * already have moved bars to the archive that have not been told here.
 */
export class FollowerStore extends DirectoryReads {
  /** Where the journal began when the archive was last looked at. */
  #begin = 0

  /** Up to where in the log it has read. */
  get readUpTo (): number {
    return this.clerk.position
  }

  /** Reads all that is there; before, nothing is. */
  load (): void {
    this.view.transaction = newestOf(this.root)
    this.#begin = this.journal.begin(this.view)
    this.restore()
  }

  async connectToOwner (): Promise<Socket> {
    this.root.resetReadTxn()
    return await connectToOwner(this.dataDir, this.meta.owner)
  }

  /**
   * Takes in what the owner has made durable since the last time, a slice at a time. One call at a time.
   *
   * @throws when the owner has dropped from its journal what was not read here yet
   */
  async * catchUp (): AsyncGenerator<Applied> {
    const newest = newestOf(this.root)
    const begin = this.journal.begin({ transaction: newest })
    if (begin > this.clerk.position) {
      newest.done()
      throw new Error(`The journal begins at ${begin}, and was read up to ${this.clerk.position} here`)
    }
    for (const { entries } of [...this.journal.read(this.clerk.position, { transaction: newest })]) yield * this.clerk.apply(entries)
    this.view.transaction?.done()
    this.view.transaction = newest
    if (begin === this.#begin) return
    this.#begin = begin
    await this.#release()
  }

  async close (): Promise<void> {
    this.view.transaction?.done()
    await this.root.close()
  }

  /** What the archive has need not be in memory. */
  async #release (): Promise<void> {
    const steps = this.archive.release(this.book)
    for (let released = 1; steps.next().done !== true; released++) {
      if (released % RELEASE_AT_ONCE === 0) await turn()
    }
  }
}
