/** What is wrong with a page. */
export class BadPage extends Error {
  constructor (page: number, why: string) {
    super(`page ${page} ${why}`)
  }
}

/** What `read` reads; undefined if a page is damaged, of which `onBad` hears. */
export function ifReadable<T> (read: () => T, onBad: (err: BadPage) => void = () => {}): T | undefined {
  try {
    return read()
  } catch (err) {
    if (!(err instanceof BadPage)) throw err
    onBad(err)
    return undefined
  }
}

/** A key; in a branch the page below; in a leaf the value, or if that has pages of its own, how long it is and which. */
export interface Node {
  readonly key: Buffer
  readonly child: number
  readonly value: Buffer
  readonly size: number
  readonly pages: { readonly first: number, readonly count: number } | undefined
}

export const HEADER = 24
export const KIND_AT = 18
export const KINDS = { branch: 1, leaf: 2, long: 4, commit: 8 } as const

const NODE_HEADER = 8
const LONG = 1
const REFERENCE = 24

/**
 * A page of a table, which may have faults. Little-endian, as all machines that lmdb is built for; in its mdb.c (3.5.6)
 * these are `MDB_page`, `MDB_node` and `MDB_ovpage`:
 *
 *   page       number u64 · transaction u64 · u16 · kind u16 · end of the list u16 · begin of the nodes u16
 *              · list: where each node is u16 …; all of these count from the end of the header, which has 24 bytes
 *   node       size of the value u32 · flags u16 · length of the key u16 · key · value; in a branch the first six bytes
 *              are the page below, and there is no value; with flag 1 there is a reference in its place
 *   reference  first page u64 · transaction u64 · how many pages u64
 */
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
  readonly #begin: number
  #nodes: readonly Node[] | undefined

  /** @throws BadPage */
  constructor (number: number, bytes: Buffer) {
    const kind = bytes[KIND_AT]
    if (kind !== KINDS.branch && kind !== KINDS.leaf) throw new BadPage(number, 'is no page of a table')
    this.number = number
    this.transaction = u64(bytes, 8)
    this.isLeaf = kind === KINDS.leaf
    this.#bytes = bytes
    const end = HEADER + bytes.readUInt16LE(20)
    this.#begin = HEADER + bytes.readUInt16LE(22)
    const listed = end <= this.#begin && this.#begin <= bytes.length && end % 2 === 0
    this.count = listed ? (end - HEADER) / 2 : 0
    const { fault, hasLong } = listed ? this.#look() : { fault: 'has no list of what is in it', hasLong: false }
    this.fault = fault
    this.hasLong = hasLong
  }

  /** Those that are whole. */
  get nodes (): readonly Node[] {
    this.#nodes ??= this.#read()
    return this.#nodes
  }

  #look (): { fault: string | undefined, hasLong: boolean } {
    let used = 0
    let hasLong = false
    for (let i = 0; i < this.count; i++) {
      const at = this.#at(i)
      const end = this.#end(at)
      if (end === undefined) return { fault: 'has entries that are not inside it', hasLong }
      used += end - at + (end - at) % 2
      hasLong ||= this.#isLong(at)
    }
    const taken = this.#bytes.length - this.#begin
    return { fault: used === taken ? undefined : `has entries of ${used} bytes in ${taken}`, hasLong }
  }

  #read (): Node[] {
    const bytes = this.#bytes
    const nodes: Node[] = []
    for (let i = 0; i < this.count; i++) {
      const at = this.#at(i)
      const end = this.#end(at)
      if (end === undefined) continue
      const size = bytes.readUInt32LE(at)
      const valueAt = at + NODE_HEADER + bytes.readUInt16LE(at + 6)
      nodes.push({
        key: bytes.subarray(at + NODE_HEADER, valueAt),
        child: size + bytes.readUInt16LE(at + 4) * 2 ** 32,
        value: bytes.subarray(valueAt, end),
        size,
        pages: this.#isLong(at) ? { first: u64(bytes, valueAt), count: u64(bytes, valueAt + 16) } : undefined,
      })
    }
    return nodes
  }

  #at (i: number): number {
    return HEADER + this.#bytes.readUInt16LE(HEADER + 2 * i)
  }

  /** Where a node ends, if that is inside the page. */
  #end (at: number): number | undefined {
    const bytes = this.#bytes
    if (at < this.#begin || at + NODE_HEADER > bytes.length) return undefined
    const value = !this.isLeaf ? 0 : this.#isLong(at) ? REFERENCE : bytes.readUInt32LE(at)
    const end = at + NODE_HEADER + bytes.readUInt16LE(at + 6) + value
    return end <= bytes.length ? end : undefined
  }

  #isLong (at: number): boolean {
    return this.isLeaf && (this.#bytes.readUInt16LE(at + 4) & LONG) !== 0
  }
}

/** As a double, which is exact up to 2 ** 53. */
export function u64 (bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 2 ** 32
}
