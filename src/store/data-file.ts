import { type Commit, type Tree, TREE_BYTES, treeAt } from './commits.ts'
import { addFreePages, compareNumbers } from './free-pages.ts'
import { BadPage } from './page.ts'
import type { PageFile } from './page-file.ts'
import { PageSet } from './page-set.ts'
import { EVERYTHING, type Lost, type Range, type Row, TreeReader } from './tree.ts'

/** The tables of a data directory. */
export const TABLES = ['bars', 'contracts', 'events', 'journal', 'meta']

export interface DataFileOptions {
  readonly commit: Commit
  /** Hears of rows of a table, or of `free` and `tables`, that can't be read. */
  readonly lost: (table: string, lost: Lost) => void
  /** Says what to read in the place of rows that can't be. */
  readonly instead?: (table: string, range: Range) => Iterable<Row>
}

/** The tables of a file as they were after a commit, read without LMDB, each of them once. */
export class DataFile {
  readonly used: PageSet
  /** Undefined: not all of them are known. */
  readonly free: PageSet | undefined
  readonly #file: PageFile
  readonly #options: Required<DataFileOptions>
  readonly #trees = new Map<string, Tree>()
  /** Whether there may be tables that it doesn't know of. */
  readonly #lostTables: boolean

  constructor (file: PageFile, options: DataFileOptions) {
    this.#file = file
    this.#options = { instead: () => [], ...options }
    this.used = new PageSet(options.commit.lastPage)
    this.free = this.#readFree()
    this.#lostTables = this.#readTables()
  }

  get tables (): string[] {
    return [...this.#trees.keys()]
  }

  /** Every row that can be read, by their keys. */
  rows (table: string): Iterable<Row> {
    const tree = this.#trees.get(table)
    if (tree !== undefined) return this.#reader(table, tree).rows()
    return this.#lostTables ? this.#options.instead(table, EVERYTHING) : []
  }

  /** Looks at the pages of a table, not at its rows; at those that hold rows only where they are, if not `all`. */
  look (table: string, pages: 'branches' | 'all'): void {
    const tree = this.#trees.get(table)
    if (tree !== undefined) this.#reader(table, tree).pages(pages)
  }

  /** A page that is in use although it is free. */
  get conflict (): number | undefined {
    return this.free?.shared(this.used)
  }

  #readFree (): PageSet | undefined {
    const { commit, lost } = this.#options
    const free = new PageSet(commit.lastPage)
    let known = true
    const hear = (rows: Lost): void => {
      known = false
      lost('free', rows)
    }
    for (const row of this.#reader('free', commit.free, hear).rows()) {
      try {
        addFreePages(free, row, commit)
      } catch (err) {
        hear({ ...EVERYTHING, leads: false, err: err as BadPage })
      }
    }
    return known ? free : undefined
  }

  #readTables (): boolean {
    let lostSome = false
    const hear = (rows: Lost): void => {
      lostSome = true
      this.#options.lost('tables', { ...rows, leads: true })
    }
    const reader = this.#reader('tables', this.#options.commit.main, hear)
    for (const { key, value, page } of reader.rows()) {
      const name = key.toString('latin1', 0, key.length - 1)
      const tree = value.length === TREE_BYTES ? treeAt(value, 0) : undefined
      if (tree !== undefined && (tree.flags === 0 || !TABLES.includes(name))) this.#trees.set(name, tree)
      else hear({ ...EVERYTHING, leads: true, err: new BadPage(page.number, `does not say where \`${name}\` is`) })
    }
    return lostSome
  }

  #reader (table: string, tree: Tree, lost: (rows: Lost) => void = (rows) => { this.#options.lost(table, rows) }): TreeReader {
    return new TreeReader(this.#file, {
      commit: this.#options.commit,
      tree,
      compare: table === 'free' ? compareNumbers : Buffer.compare,
      use: (first, count) => {
        for (let page = first; page < first + count; page++) if (!this.used.add(page)) throw new BadPage(page, 'is in use twice')
      },
      lost,
      instead: (range) => this.#options.instead(table, range),
    })
  }
}
