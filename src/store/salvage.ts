import { parseRowKey } from './clustered.ts'
import { type Commit, findCommit } from './commits.ts'
import { DataFile, TABLES } from './data-file.ts'
import type { Tell } from './inspect.ts'
import { type Making, readMaking } from './making.ts'
import { Orphans } from './orphans.ts'
import { BadPage } from './page.ts'
import type { PageFile } from './page-file.ts'
import { readBar, readContract, readRecord, type StoredBars, type StoredContract, type StoredRecord } from './stored.ts'
import { timeOf } from './table.ts'
import { EVERYTHING, type Lost, type Range, type Row } from './tree.ts'

/** As if tables began where they do not. */
const LOST = { depth: 1, entries: 0, flags: 0 }

/**
 * What can be read of a data directory, damaged or not: each table once, ascending. What a damaged page led to is
 * looked for among the pages that nothing leads to; what can't be what was written is left out. Of all that is
 * missing `tell` hears.
 *
 * @throws KLP_ERR_INCOMPATIBLE
 */
export class Salvage {
  readonly making: Making
  /** Between which keys of `bars` some are missing, or may be. */
  readonly gaps: Range[] = []
  readonly #file: PageFile
  readonly #commit: Commit
  readonly #data: DataFile
  readonly #tell: Tell
  #lostCommit = false
  #doubtful = 0
  #lostEntries = false
  #around: { readonly survey: DataFile, readonly orphans: Orphans } | undefined

  constructor (file: PageFile, tell: Tell) {
    this.#file = file
    this.#tell = tell
    this.#commit = this.#findCommit()
    this.#data = new DataFile(file, {
      commit: this.#commit,
      lost: (table, lost) => { this.#lose(table, lost) },
      instead: (table, range) => this.#instead(table, range),
    })
    this.making = readMaking(this.#data, file.path)
  }

  bars (): Generator<StoredBars & { row: Row }> {
    return this.#stored('bars', readBar)
  }

  contracts (): Generator<StoredContract> {
    return this.#stored('contracts', readContract)
  }

  /** The records of the journal. */
  records (): Generator<StoredRecord> {
    return this.#stored('journal', readRecord)
  }

  /** What can't be known of all that was read: sentences. */
  doubts (): string[] {
    const doubts = this.#lostCommit ? ['What was stored last may be missing: which commit is the newest is not known'] : []
    if (this.#lostEntries) doubts.push('Entries of the journal may be missing: the minutes and corrections that came last')
    if (this.#doubtful > 0) doubts.push(`${this.#doubtful} rows may be older than the last that were written: which pages are free, and hold old ones, is not known`)
    return doubts
  }

  #findCommit (): Commit {
    const { bytes, pageSize } = this.#file
    const commit = findCommit(this.#file, ({ message }) => {
      this.#tell('the file', message)
      this.#lostCommit = true
    })
    return commit ?? { transaction: Infinity, lastPage: Math.floor(bytes / pageSize) - 1, free: { ...LOST, root: 1 }, main: { ...LOST, root: 0 } }
  }

  * #stored<T extends object> (table: string, read: (row: Row, making: Making) => T | string): Generator<T & { row: Row }> {
    for (const row of this.#data.rows(table)) {
      const stored = read(row, this.making)
      if (typeof stored === 'object') yield { ...stored, row }
      else this.#lose(table, { from: row.key, to: Buffer.concat([row.key, Buffer.alloc(1)]), leads: false, err: new BadPage(row.page.number, `has what was not written so: ${stored}`) })
    }
  }

  #lose (table: string, { from, to, leads, err }: Lost): void {
    if (table === 'free') return // by itself it costs no row
    this.#tell(table, table === 'bars' ? `${err.message} (${placeOf(from) ?? 'from the first'} up to ${placeOf(to) ?? 'the last'})` : err.message)
    if (leads && this.#lookAround().orphans.areAll) return
    if (table === 'tables') this.gaps.push(EVERYTHING)
    if (table === 'tables' || table === 'journal') this.#lostEntries = true
    if (table === 'bars') this.gaps.push({ from, to })
  }

  * #instead (table: string, range: Range): Generator<Row> {
    const { survey, orphans } = this.#lookAround()
    for (const row of orphans.rows(table, range)) {
      if (survey.free === undefined) this.#doubtful++
      yield row
    }
  }

  /** What the damaged pages led to; looked for when the first of them is found. */
  #lookAround (): { survey: DataFile, orphans: Orphans } {
    if (this.#around === undefined) {
      const survey = new DataFile(this.#file, { commit: this.#commit, lost () {} })
      for (const table of TABLES) survey.look(table, 'branches')
      this.#around = { survey, orphans: new Orphans(this.#file, { commit: this.#commit, survey }) }
    }
    return this.#around
  }
}

function placeOf (key: Buffer | undefined): string | undefined {
  const place = key === undefined ? undefined : parseRowKey(key)
  return place === undefined ? undefined : `${place.symbol}.${place.period} ${new Date(timeOf(place.number)).toISOString()}`
}
