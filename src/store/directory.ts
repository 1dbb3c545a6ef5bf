import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { open, type RootDatabase, type RootDatabaseOptions } from 'lmdb'
import { KlineError } from '../errors.ts'
import type { Ladder } from '../market/ladder.ts'
import { Archive } from './archive.ts'
import { Book } from './book.ts'
import { Clerk } from './clerk.ts'
import { checkFile, damaged } from './damage.ts'
import type { Entry } from './entry.ts'
import { Journal } from './journal.ts'
import type { Meta } from './meta.ts'
import { Pool } from './pool.ts'
import { BookReads } from './reads.ts'
import { Tail } from './tail.ts'
import type { View } from './view.ts'

export const FILE = 'bars.mdb'
/** What a repair makes, until it is whole. */
export const REPAIRING = 'bars.mdb.repairing'

/** Of whoever writes: a commit that resolves is on disk, and holds what we put in it and nothing else. */
export const WRITER: RootDatabaseOptions = { overlappingSync: false, eventTurnBatching: false }

/** @throws KLP_ERR_DAMAGED, KLP_ERR_IN_USE while it is repaired */
export function openFile (dataDir: string, options: RootDatabaseOptions): RootDatabase {
  refuseRepair(dataDir)
  const path = join(dataDir, FILE)
  checkFile(path)
  return openRoot(path, options)
}

export function openRoot (path: string, options: RootDatabaseOptions): RootDatabase {
  return open({ path, noSubdir: true, maxDbs: 8, encoding: 'binary', cache: false, ...options })
}

/** Takes a file of LMDB away, with what it keeps beside it. */
export function discard (path: string): void {
  for (const name of [path, `${path}-lock`]) rmSync(name, { force: true })
}

/** @throws KLP_ERR_IN_USE */
export function refuseRepair (dataDir: string): void {
  if (existsSync(join(dataDir, REPAIRING))) throw new KlineError('KLP_ERR_IN_USE', `The data directory \`${dataDir}\` is being repaired; if it is not, because that was cut short, run \`kline-push repair --data-dir ${dataDir}\` again`)
}

export interface DirectoryParts {
  readonly root: RootDatabase
  readonly meta: Meta
  readonly ladder: Ladder
  readonly dataDir: string
  readonly keepEvents: number
  readonly view: View
}

/**
 * The bars of a data directory, whoever owns it: an archive, and a journal of what came after.
 *
 * @throws KLP_ERR_INCOMPATIBLE
 */
export abstract class DirectoryReads extends BookReads {
  protected readonly root: RootDatabase
  protected readonly meta: Meta
  protected readonly dataDir: string
  protected readonly view: View
  protected readonly journal: Journal
  protected readonly archive: Archive
  protected readonly clerk: Clerk

  constructor ({ root, meta, ladder, dataDir, keepEvents, view }: DirectoryParts) {
    const archive = new Archive(root, view)
    const pool = new Pool()
    super(new Book(ladder, { keepEvents, history: (symbol, period) => new Tail({ symbol, period, archive, pool }) }), meta.epoch(ladder, dataDir))
    this.root = root
    this.meta = meta
    this.dataDir = dataDir
    this.view = view
    this.journal = new Journal(root)
    this.archive = archive
    this.clerk = new Clerk(this.book)
  }

  /**
   * Reads the archive, and rolls up what the journal has and it has not; `onRecord` hears of all that the journal has.
   *
   * @throws KLP_ERR_DAMAGED
   */
  protected restore (onRecord: (entries: readonly Entry[]) => void = () => {}): void {
    try {
      Object.assign(this.book.marks, this.meta.marks)
      this.archive.load(this.book)
      for (const { position, entries } of this.journal.read(0, this.view)) {
        this.clerk.position = position
        this.clerk.replay(entries)
        onRecord(entries)
      }
      const ahead = [...this.book.contracts.values(), this.book.marks].find(({ position }) => position > this.clerk.position)
      // What comes next would be passed over as if the archive had it.
      if (ahead !== undefined) throw new Error(`the journal ends with entry ${this.clerk.position}, and the archive has ${ahead.position}`)
    } catch (err) {
      throw damaged(join(this.dataDir, FILE), err as Error)
    }
  }
}
