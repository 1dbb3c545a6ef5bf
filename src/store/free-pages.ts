import type { Commit } from './commits.ts'
import { BadPage, u64 } from './page.ts'
import type { PageSet } from './page-set.ts'
import type { Row } from './tree.ts'

const WORD = 8

/** The order of keys that are numbers: those of the transactions that freed pages. */
export function compareNumbers (a: Buffer, b: Buffer): number {
  return Buffer.compare(Buffer.from(a).reverse(), Buffer.from(b).reverse())
}

/**
 * Puts the pages of one entry of the free pages into a set: how many words follow, then pages; a word below zero says
 * of how many pages the next one is the first, and zero says nothing (`mdb_midl_xmerge` in lmdb's midl.c).
 *
 * @throws BadPage
 */
export function addFreePages (set: PageSet, { value, page }: Row, { lastPage }: Commit): void {
  const end = value.length < WORD ? Infinity : (u64(value, 0) + 1) * WORD
  if (end > value.length) throw new BadPage(page.number, 'lists more free pages than it holds')
  for (let at = WORD; at < end; at += WORD) {
    let count = -i64(value, at)
    if (count > 0) at += WORD
    else count = 1
    const first = at < end ? i64(value, at) : -1
    if (first < 0 || first + count - 1 > lastPage) throw new BadPage(page.number, `lists free pages from ${first} on, ${count} of them`)
    if (first > 0) set.addRun(first, count)
  }
}

function i64 (bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readInt32LE(at + 4) * 2 ** 32
}
