import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { KlineError } from '../errors.ts'

const MAGIC = 0xbeefc0de
const MAGIC_AT = 24
// From the magic on: the size of a page, the newest page, and the transaction that says so.
const PAGE_SIZE_AT = 24
const LAST_PAGE_AT = 120
const TRANSACTION_AT = 128
const META_BYTES = MAGIC_AT + TRANSACTION_AT + 8

/**
 * Looks whether a file can be one of LMDB's, and whole, before LMDB maps it: one that is not would end the process
 * with a signal. Such a file begins with two pages that each describe it, written in turn (`MDB_meta` in its mdb.c).
 * A file that is not there, or empty, is as good as new.
 *
 * @throws KLP_ERR_DAMAGED
 */
export function checkFile (path: string): void {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code === 'ENOENT') return
    throw err
  }
  try {
    const { size } = fstatSync(file)
    if (size === 0) return
    const first = readMeta(file, path, 0)
    const second = readMeta(file, path, first.pageSize)
    const { lastPage } = first.transaction > second.transaction ? first : second
    const whole = (Number(lastPage) + 1) * first.pageSize
    if (size < whole) throw damaged(path, `it has ${size} bytes of ${whole}`)
  } finally {
    closeSync(file)
  }
}

function readMeta (file: number, path: string, at: number): { pageSize: number, lastPage: bigint, transaction: bigint } {
  const page = Buffer.alloc(META_BYTES)
  readSync(file, page, 0, META_BYTES, at)
  if (page.readUInt32LE(MAGIC_AT) !== MAGIC) throw damaged(path, 'it does not begin as a file of LMDB does')
  const meta = page.subarray(MAGIC_AT)
  return { pageSize: meta.readUInt32LE(PAGE_SIZE_AT), lastPage: meta.readBigUInt64LE(LAST_PAGE_AT), transaction: meta.readBigUInt64LE(TRANSACTION_AT) }
}

function damaged (path: string, how: string): KlineError {
  return new KlineError('KLP_ERR_DAMAGED', `The file \`${path}\` is damaged: ${how}. Put a copy in its place, or move it away to begin anew`)
}
