import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { KlineError } from '../errors.ts'
import { newestCommit, openPages } from './commits.ts'
import { DataFile, TABLES } from './data-file.ts'
import { BadPage, ifReadable } from './page.ts'
import type { PageFile } from './page-file.ts'

/** Of these a start reads every row. */
const READ_AT_START = ['contracts', 'journal', 'meta']
/** Of the others it looks at all pages of a file up to so many bytes, in a few tenths of a second; of a longer one only at those that lead to others. */
const EVERY_PAGE_UP_TO = 2 ** 27

/**
 * Looks whether a file can be one of LMDB's, and whole, before LMDB maps it, which would end the process with a
 * signal if it is not. A file that is not there, or empty, is as good as new; while somebody else writes to it, it is
 * theirs to look after.
 *
 * @throws KLP_ERR_DAMAGED
 */
export function checkFile (path: string): void {
  if (!existsSync(path)) return
  const file = openPages(path)
  try {
    if (file.bytes > 0) ifReadable(() => { checkPages(file) }, (err) => { throw damaged(path, err) })
  } finally {
    file.close()
  }
}

export function damaged (path: string, err: Error): KlineError {
  const how = `\`kline-push check --data-dir ${dirname(path)}\` says more, \`kline-push repair --data-dir ${dirname(path)}\` makes a sound one of what can be read of it; or put a backup in its place`
  return new KlineError('KLP_ERR_DAMAGED', `The file \`${path}\` is damaged: ${err.message}. ${how}`, { cause: err })
}

/** What lmdb says of a file that is damaged, in our words; any other error as it is. */
export function orDamaged (path: string, err: unknown): unknown {
  return err instanceof Error && /^MDB_(CORRUPTED|PAGE_NOTFOUND|INVALID|PANIC|BAD_TXN|CURSOR_FULL|PAGE_FULL|PROBLEM)/.test(err.message) ? damaged(path, err) : err
}

/** @throws BadPage */
export function checkPages (file: PageFile): void {
  const commit = newestCommit(file)
  try {
    const data = new DataFile(file, { commit, lost (_table, { err }) { throw err } })
    if (data.tables.some((table) => !TABLES.includes(table))) return // another program's, which is said where the tables are opened
    for (const table of TABLES) {
      if (READ_AT_START.includes(table)) drain(data.rows(table))
      else data.look(table, file.bytes <= EVERY_PAGE_UP_TO ? 'all' : 'branches')
    }
    const { conflict } = data
    if (conflict !== undefined) throw new BadPage(conflict, 'is in use although it is free')
  } catch (err) {
    if (newestCommit(file).transaction === commit.transaction) throw err
  }
}

function drain (rows: Iterable<unknown>): void {
  const iterator = rows[Symbol.iterator]()
  while (iterator.next().done !== true);
}
