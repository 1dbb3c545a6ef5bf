import { BadPage, HEADER, ifReadable, KIND_AT, KINDS, u64 } from './page.ts'
import { PageFile } from './page-file.ts'

/** A table as what names it describes it. `root` undefined: it is empty. */
export interface Tree {
  readonly root: number | undefined
  /** How many pages lie one above the other, the root and a leaf included. */
  readonly depth: number
  readonly entries: number
  /** How its keys are ordered, and whether they may have several values; those of ours have none. */
  readonly flags: number
}

/** How a file was after a transaction: its newest page, the tables of the pages that are free and of all other tables. */
export interface Commit { readonly transaction: number, readonly lastPage: number, readonly free: Tree, readonly main: Tree }

export const TREE_BYTES = 48

const SIZES = [4096, 8192, 16_384, 32_768, 65_536]
const MAGIC = 0xbeefc0de
const VERSION = 2
const FREE_AT = HEADER + 24
const MAIN_AT = FREE_AT + TREE_BYTES
const LAST_PAGE_AT = MAIN_AT + TREE_BYTES
const META_BYTES = LAST_PAGE_AT + 16
const NOWHERE = 2 ** 64
/** Pages that a transaction takes at the end and frees again are never written. */
const MISSING_AT_END = 2 ** 26

/**
 * Opens a file whose pages 0 and 1 describe its commits in turn (`MDB_meta` and `MDB_db`):
 *
 *   commit  header · magic u32 · version u32 · u64 · size of the map u64 · tree of free pages · tree of tables
 *           · newest page u64 · transaction u64
 *   tree    size of a page u32, in the first one · flags u16 · depth u16 · branches u64 · leaves u64 · overflow pages u64
 *           · entries u64 · root u64
 *
 * @throws what opening a file can, such as ENOENT
 */
export function openPages (path: string): PageFile {
  return new PageFile(path, (read) => {
    const says = (at: number, size: number): boolean => {
      const meta = ifReadable(() => read(at, META_BYTES))
      return meta?.length === META_BYTES && meta.readUInt32LE(HEADER) === MAGIC && meta.readUInt32LE(FREE_AT) === size
    }
    return SIZES.find((size) => says(0, size) || says(size, size)) ?? SIZES[0]
  })
}

/** The newest commit. @throws BadPage if either of the pages 0 and 1 is damaged */
export function newestCommit (file: PageFile): Commit {
  const [first, second] = [commitAt(file, 0), commitAt(file, 1)]
  const [older, newer] = first.transaction < second.transaction ? [first, second] : [second, first]
  // They take turns. A new file has no commits yet, and a compacted one only the newer.
  if (newer.transaction - older.transaction > 1 && older.transaction > 0) throw new BadPage(0, `and page 1 are ${newer.transaction - older.transaction} commits apart`)
  return newer
}

/** The newest commit of which anything is known; `onBad` hears if that may not be the newest. */
export function findCommit (file: PageFile, onBad: (err: BadPage) => void = () => {}): Commit | undefined {
  const newest = ifReadable(() => newestCommit(file), onBad)
  if (newest !== undefined) return newest
  const commits = [0, 1].flatMap((page) => ifReadable(() => commitAt(file, page)) ?? [])
  return commits.sort((a, b) => b.transaction - a.transaction)[0]
}

export function treeAt (bytes: Buffer, at: number): Tree {
  const root = u64(bytes, at + 40)
  return { root: root === NOWHERE ? undefined : root, depth: bytes.readUInt16LE(at + 6), flags: bytes.readUInt16LE(at + 4), entries: u64(bytes, at + 32) }
}

function commitAt (file: PageFile, page: number): Commit {
  const read = (): Buffer => file.read(page * file.pageSize, META_BYTES)
  let meta: Buffer
  do meta = read()
  while (!meta.equals(read())) // somebody is writing it
  if (meta.length < META_BYTES || meta.readUInt32LE(HEADER) !== MAGIC) throw new BadPage(page, 'does not begin as a file of LMDB does')
  const commit = { transaction: u64(meta, LAST_PAGE_AT + 8), lastPage: u64(meta, LAST_PAGE_AT), free: treeAt(meta, FREE_AT), main: treeAt(meta, MAIN_AT) }
  const sane = u64(meta, 0) === page && meta[KIND_AT] === KINDS.commit && meta.readUInt32LE(HEADER + 4) === VERSION && meta.readUInt32LE(FREE_AT) === file.pageSize &&
    (commit.transaction === 0 || commit.transaction % 2 === page) &&
    commit.lastPage * file.pageSize < file.bytes * 2 + MISSING_AT_END
  if (!sane) throw new BadPage(page, 'describes no commit')
  return commit
}
