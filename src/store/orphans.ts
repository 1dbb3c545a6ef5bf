import { SYMBOL } from '../market/bar.ts'
import { PERIODS } from '../market/period.ts'
import type { Commit } from './commits.ts'
import type { DataFile } from './data-file.ts'
import { ifReadable, type Page } from './page.ts'
import type { PageFile } from './page-file.ts'
import { readBar, readRecord } from './stored.ts'
import type { Range, Row } from './tree.ts'

interface Leaf { readonly page: number, readonly first: Buffer }

const ANYHOW = { calendar: undefined, periods: PERIODS }
const TEXTS = ['calendar', 'format', 'marks', 'owner', 'periods']

/** How a row of each table is told from those of others. */
const SIGNS: Readonly<Record<string, (row: Row) => boolean>> = {
  bars: (row) => typeof readBar(row, ANYHOW) === 'object',
  contracts: ({ key, value }) => SYMBOL.test(key.toString('latin1')) && value.length > 64,
  journal: (row) => typeof readRecord(row) === 'object',
  meta: ({ key }) => TEXTS.includes(key.toString('latin1')),
}

/**
 * The rows of pages that no table leads to and that are not free either: what a damaged page led to. They are looked
 * for between the keys that were lost, so that what has gone from a table does not come back.
 */
export class Orphans {
  /** Whether there is none that is missing, or may be an old one. */
  readonly areAll: boolean
  readonly #file: PageFile
  readonly #leaves: Readonly<Record<string, Leaf[]>>

  /** `survey` has been led to all pages that can be found. */
  constructor (file: PageFile, { commit, survey }: { commit: Commit, survey: DataFile }) {
    this.#file = file
    this.#leaves = Object.fromEntries(Object.keys(SIGNS).map((table) => [table, []]))
    let missing = 0
    for (let number = 2; number <= commit.lastPage; number++) {
      if (survey.used.has(number) || survey.free?.has(number)) continue
      const page = ifReadable(() => file.page(number))
      if (page === undefined) {
        const length = file.longValueAt(number)
        if (length === 0) missing++
        else number += length - 1
      } else if (page.isLeaf && page.transaction <= commit.transaction) {
        this.#take(page)
      }
    }
    for (const leaves of Object.values(this.#leaves)) leaves.sort((a, b) => Buffer.compare(a.first, b.first))
    this.areAll = survey.free !== undefined && missing === 0
  }

  /** By their keys, each one once: of several rows that of the newest transaction. */
  * rows (table: string, { from, to }: Range): Generator<Row> {
    let together: Row[] = [] // of pages that overlap
    for (const { page, first } of this.#leaves[table] ?? []) {
      if (to !== undefined && Buffer.compare(first, to) >= 0) break
      if (together.length > 0 && together.every(({ key }) => Buffer.compare(key, first) < 0)) {
        yield * newest(together)
        together = []
      }
      const rows = this.#rows(this.#file.page(page)).filter(SIGNS[table])
      together.push(...rows.filter(({ key }) => Buffer.compare(key, from) >= 0 && (to === undefined || Buffer.compare(key, to) < 0)))
    }
    yield * newest(together)
  }

  #take (page: Page): void {
    for (const [table, isOfIt] of Object.entries(SIGNS)) {
      const row = this.#rows(page).find(isOfIt)
      if (row !== undefined) this.#leaves[table].push({ page: page.number, first: row.key })
    }
  }

  #rows (page: Page): Row[] {
    return page.nodes.flatMap((node) => {
      const value = ifReadable(() => this.#file.value(node, () => {}))
      return value === undefined ? [] : [{ key: node.key, value, page }]
    })
  }
}

function newest (rows: Row[]): Row[] {
  rows.sort((a, b) => Buffer.compare(a.key, b.key) || b.page.transaction - a.page.transaction)
  return rows.filter(({ key }, i) => i === 0 || !key.equals(rows[i - 1].key))
}
