import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

/** What is wrong with a page. */
export class BadPage extends Error {
  readonly page: number

  constructor (page: number, why: string) {
    super(`page ${page} ${why}`)
    this.page = page
  }
}

/** A key, and in a branch the page below, in a leaf what `PageFile.value` makes bytes of. */
export interface Node { readonly key: Buffer, readonly child: number, readonly size: number, readonly flags: number, readonly value: Buffer }

export const HEADER = 24
const KIND_AT = 18
const NODE_HEADER = 8
const BRANCH = 1
const LEAF = 2
const OVERFLOW = 4
/** Of a node: its value has pages of its own, and here is only which. */
const LONG = 1
const REFERENCE = 24

/**
 * A file of LMDB, read page by page. What is wrong with it is an error, where LMDB, which maps it, would read past the
 * end of a page or end the process. Little-endian, as all machines that lmdb is built for; in its mdb.c (3.5.6) these
 * are `MDB_page`, `MDB_node` and `MDB_ovpage`:
 *
 *   page    number u64 · transaction u64 · u16 · kind u16 · end of the list of nodes u16 · begin of the nodes u16
 *           · where each node is u16 …; these three count from the end of the header, which has 24 bytes
 *   node    size of the value u32 · flags u16 · length of the key u16 · key · value; in a branch the first six bytes
 *           are the page below, and there is no value
 *   long    first page u64 · transaction u64 · how many pages u64; the first of them has a header, where the number of
 *   value   pages u32 is in the place of the list
 */
export class PageFile {
  readonly path: string
  readonly pageSize: number
  readonly #file: number

  constructor (path: string, sizeOf: (read: PageFile['read']) => number) {
    this.path = path
    this.#file = openSync(path, 'r')
    this.pageSize = sizeOf((at, length) => this.read(at, length))
  }

  get bytes (): number {
    return fstatSync(this.#file).size
  }

  /** What there is of so many bytes. */
  read (at: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length)
    return bytes.subarray(0, readSync(this.#file, bytes, 0, length, at))
  }

  /** A page of a tree. @throws BadPage */
  page (number: number): Page {
    const bytes = this.#pages(number, 1)
    if (bytes[KIND_AT] !== BRANCH && bytes[KIND_AT] !== LEAF) throw new BadPage(number, 'is no page of a table')
    return new Page(number, bytes)
  }

  /** The value of a leaf's node; `use` hears of the pages that it has of its own, before they are read. @throws BadPage */
  value ({ value, size, flags }: Node, use: (first: number, count: number) => void): Buffer {
    if ((flags & LONG) === 0) return value
    const first = u64(value, 0)
    const count = u64(value, 16)
    if (count !== Math.ceil((HEADER + size) / this.pageSize)) throw new BadPage(first, `is said to begin ${count} pages for ${size} bytes`)
    use(first, count)
    const bytes = this.#pages(first, count)
    if (bytes[KIND_AT] !== OVERFLOW || bytes.readUInt32LE(20) !== count) throw new BadPage(first, 'does not begin a long value')
    return bytes.subarray(HEADER, HEADER + size)
  }

  /** How many pages the long value has that begins here; 0: none does. */
  longValueAt (number: number): number {
    const header = this.read(number * this.pageSize, HEADER)
    return header.length === HEADER && u64(header, 0) === number && header[KIND_AT] === OVERFLOW ? header.readUInt32LE(20) : 0
  }

  close (): void {
    closeSync(this.#file)
  }

  #pages (first: number, count: number): Buffer {
    let bytes: Buffer
    try {
      bytes = this.read(first * this.pageSize, count * this.pageSize)
    } catch (err) {
      throw new BadPage(first, `can't be read (${(err as NodeJS.ErrnoException).code})`)
    }
    if (bytes.length < count * this.pageSize) throw new BadPage(first, 'is not in the file, which ends before it')
    const number = u64(bytes, 0)
    if (number !== first) throw new BadPage(first, `says that it is page ${number}`)
    return bytes
  }
}

/** As a double, which is exact up to 2 ** 53. */
export function u64 (bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 2 ** 32
}

/** A page of a tree that may have faults. */
export class Page {
  readonly number: number
  /** The one that wrote it. */
  readonly transaction: number
  readonly isLeaf: boolean
  /** How many nodes it says that it has, and what is wrong with them. */
  readonly count: number
  readonly fault: string | undefined
  /** Whether some of its values have pages of their own. */
  readonly hasLong: boolean
  readonly #bytes: Buffer
  readonly #upper: number
  #nodes: readonly Node[] | undefined

  constructor (number: number, bytes: Buffer) {
    this.number = number
    this.transaction = u64(bytes, 8)
    this.isLeaf = bytes[KIND_AT] === LEAF
    this.#bytes = bytes
    const lower = HEADER + bytes.readUInt16LE(20)
    this.#upper = HEADER + bytes.readUInt16LE(22)
    const listed = lower <= this.#upper && this.#upper <= bytes.length && lower % 2 === 0
    this.count = listed ? (lower - HEADER) / 2 : 0
    const { fault, hasLong } = listed ? this.#look() : { fault: 'has no list of what is in it', hasLong: false }
    this.fault = fault
    this.hasLong = hasLong
  }

  /** Those that are whole. */
  get nodes (): readonly Node[] {
    this.#nodes ??= this.#readNodes()
    return this.#nodes
  }

  #readNodes (): Node[] {
    const bytes = this.#bytes
    const nodes: Node[] = []
    for (let i = 0; i < this.count; i++) {
      const at = this.#at(i)
      const end = this.#end(at)
      if (end === undefined) continue
      const size = bytes.readUInt32LE(at)
      const flags = bytes.readUInt16LE(at + 4)
      const valueAt = at + NODE_HEADER + bytes.readUInt16LE(at + 6)
      nodes.push({ key: bytes.subarray(at + NODE_HEADER, valueAt), child: size + flags * 2 ** 32, size, flags, value: bytes.subarray(valueAt, end) })
    }
    return nodes
  }

  #look (): { fault: string | undefined, hasLong: boolean } {
    let used = 0
    let hasLong = false
    for (let i = 0; i < this.count; i++) {
      const at = this.#at(i)
      const end = this.#end(at)
      if (end === undefined) return { fault: 'has entries that are not inside it', hasLong }
      used += end - at + (end - at) % 2
      hasLong ||= this.isLeaf && (this.#bytes.readUInt16LE(at + 4) & LONG) !== 0
    }
    const taken = this.#bytes.length - this.#upper
    return { fault: used === taken ? undefined : `has entries of ${used} bytes in ${taken}`, hasLong }
  }

  #at (i: number): number {
    return HEADER + this.#bytes.readUInt16LE(HEADER + 2 * i)
  }

  /** Where a node ends, if that is inside the page. */
  #end (at: number): number | undefined {
    const bytes = this.#bytes
    if (at < this.#upper || at + NODE_HEADER > bytes.length) return undefined
    const value = !this.isLeaf ? 0 : (bytes.readUInt16LE(at + 4) & LONG) === 0 ? bytes.readUInt32LE(at) : REFERENCE
    const end = at + NODE_HEADER + bytes.readUInt16LE(at + 6) + value
    return end <= bytes.length ? end : undefined
  }
}
