import type { Commit, Tree } from './commits.ts'
import { BadPage, ifReadable, type Node, type Page } from './page.ts'
import type { PageFile } from './page-file.ts'

export interface Row { readonly key: Buffer, readonly value: Buffer, readonly page: Page }

/** Keys from `from` up to, not including, `to`; undefined: to the end. */
export interface Range { readonly from: Buffer, readonly to: Buffer | undefined }

/** Why rows between these keys can't be read, or not all of them; `leads`: what is damaged is the way to them. */
export interface Lost extends Range { readonly err: BadPage, readonly leads: boolean }

export const EVERYTHING: Range = { from: Buffer.alloc(0), to: undefined }

export interface Readers {
  /** Hears of the pages that a table has. @throws BadPage to say that they are not its own */
  readonly use: (first: number, count: number) => void
  readonly lost: (lost: Lost) => void
  /** Says what to read in the place of a page that can't be. */
  readonly instead: (range: Range) => Iterable<Row>
  readonly compare: (a: Buffer, b: Buffer) => number
}

/** Where a page is looked for: what it may hold, how far below the root, and the transaction of the page above. */
interface Place extends Range { readonly level: number, readonly transaction: number }

/** One table of a file, read from its root down. Nothing that is wrong with it is an error but what `lost` throws. */
export class TreeReader {
  readonly #file: PageFile
  readonly #commit: Commit
  readonly #tree: Tree
  readonly #readers: Readers
  #whole = true

  constructor (file: PageFile, { commit, tree, ...readers }: { commit: Commit, tree: Tree } & Readers) {
    this.#file = file
    this.#commit = commit
    this.#tree = tree
    this.#readers = { ...readers, lost: (rows) => { this.#whole = false; readers.lost(rows) } }
  }

  /** Every row that can be read, by their keys. */
  * rows (): Generator<Row> {
    const { root, entries } = this.#tree
    if (root === undefined) return
    let rows = 0
    for (const row of this.#below(root, { ...EVERYTHING, level: 1, transaction: this.#commit.transaction })) {
      rows++
      yield row
    }
    if (rows !== entries && this.#whole) this.#readers.lost({ ...EVERYTHING, leads: false, err: new BadPage(root, `leads to ${rows} rows of ${entries}`) })
  }

  /** Looks at the pages that lead to others, and where the lowest ones are; or at these too, but not in what order their rows are. */
  pages (which: 'branches' | 'all'): void {
    const { root, depth } = this.#tree
    const look = (number: number, place: Place): void => {
      if (place.level < depth || which === 'all') {
        const page = this.#attempt(place, () => this.#open(number, place))
        if (page === undefined) return
        if (page.fault !== undefined) this.#readers.lost({ ...place, leads: false, err: new BadPage(number, page.fault) })
        if (!page.isLeaf) for (const { child, below } of children(page, place)) look(child, below)
        else if (page.hasLong) for (const node of page.nodes) this.#attempt(place, () => this.#value(node))
      } else {
        this.#attempt(place, () => { this.#use(number, 1) })
      }
    }
    if (root !== undefined) look(root, { ...EVERYTHING, level: 1, transaction: this.#commit.transaction })
  }

  * #below (number: number, place: Place): Generator<Row> {
    const page = this.#attempt(place, () => this.#open(number, place))
    if (page === undefined) yield * this.#readers.instead(place)
    else if (page.isLeaf) yield * this.#leaf(page, place)
    else for (const { child, below } of children(page, place)) yield * this.#below(child, below)
  }

  * #leaf (page: Page, place: Place): Generator<Row> {
    let after: Buffer | undefined
    let { fault } = page
    for (const node of page.nodes) {
      const { key } = node
      if ((after !== undefined && this.#compare(key, after) <= 0) || !this.#holds(place, key)) {
        fault ??= 'has keys that are out of their order'
        continue
      }
      after = key
      const only = { from: key, to: Buffer.concat([key, Buffer.alloc(1)]) }
      const value = this.#attempt(only, () => this.#value(node))
      if (value === undefined) yield * this.#readers.instead(only)
      else yield { key, value, page }
    }
    if (fault !== undefined) this.#readers.lost({ ...place, leads: false, err: new BadPage(page.number, fault) })
  }

  /** A page that fits the place where it is. @throws BadPage */
  #open (number: number, place: Place): Page {
    this.#use(number, 1)
    const page = this.#file.page(number)
    if (page.isLeaf !== (place.level === this.#tree.depth)) throw new BadPage(number, `is ${page.isLeaf ? 'a' : 'no'} leaf on level ${place.level} of ${this.#tree.depth}`)
    if (page.transaction > place.transaction) throw new BadPage(number, `is of transaction ${page.transaction}, and found by one of ${place.transaction}`)
    if (page.count === 0) throw new BadPage(number, page.fault ?? 'is empty')
    if (page.isLeaf) return page
    if (page.fault !== undefined) throw new BadPage(number, page.fault)
    const [, ...others] = page.nodes
    for (const [i, { key }] of others.entries()) {
      if (!this.#holds(place, key) || (i > 0 && this.#compare(key, others[i - 1].key) <= 0)) throw new BadPage(number, 'has keys that are out of their order')
    }
    return page
  }

  #value (node: Node): Buffer {
    return this.#file.value(node, (first, count) => { this.#use(first, count) })
  }

  #use (first: number, count: number): void {
    if (first + count - 1 > this.#commit.lastPage) throw new BadPage(first, `is past the newest page, which is ${this.#commit.lastPage}`)
    this.#readers.use(first, count)
  }

  #holds ({ from, to }: Range, key: Buffer): boolean {
    return (from.length === 0 || this.#compare(key, from) >= 0) && (to === undefined || this.#compare(key, to) < 0)
  }

  #compare (a: Buffer, b: Buffer): number {
    return this.#readers.compare(a, b)
  }

  #attempt<T> (range: Range & { level?: number }, read: () => T): T | undefined {
    const { from, to, level = Infinity } = range
    return ifReadable(read, (err) => { this.#readers.lost({ from, to, leads: level < this.#tree.depth, err }) })
  }
}

/** The pages below a branch, each with its place: from its key to the next. The first one's key is not filled in. */
function children (page: Page, { from, to, level }: Place): { child: number, below: Place }[] {
  return page.nodes.map(({ key, child }, i, nodes) => ({
    child,
    below: { level: level + 1, transaction: page.transaction, from: i === 0 ? from : key, to: nodes[i + 1]?.key ?? to },
  }))
}
