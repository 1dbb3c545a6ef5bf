import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { BadPage, HEADER, ifReadable, KIND_AT, KINDS, type Node, Page, u64 } from './page.ts'

const SMALLEST = 4096

/**
 * A file of LMDB, read page by page. What is wrong with it is an error, where LMDB, which maps it, would read past the
 * end of a page or end the process. A value that has pages of its own begins behind the header of the first one, which
 * has the number of them u32 in the place of where lists end and nodes begin.
 */
export class PageFile {
  readonly path: string
  readonly pageSize: number
  readonly #file: number

  constructor (path: string, sizeOf: (read: PageFile['read']) => number) {
    this.path = path
    this.pageSize = SMALLEST
    this.#file = openSync(path, 'r')
    this.pageSize = sizeOf((at, length) => this.read(at, length))
  }

  get bytes (): number {
    return fstatSync(this.#file).size
  }

  /** What there is of so many bytes. @throws BadPage */
  read (at: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length)
    try {
      return bytes.subarray(0, readSync(this.#file, bytes, 0, length, at))
    } catch (err) {
      throw new BadPage(Math.floor(at / this.pageSize), `can't be read (${(err as NodeJS.ErrnoException).code})`)
    }
  }

  /** A page of a table. @throws BadPage */
  page (number: number): Page {
    return new Page(number, this.#pages(number, 1))
  }

  /** The value of a leaf's node; `use` hears of the pages that it has of its own, before they are read. @throws BadPage */
  value ({ value, size, pages }: Node, use: (first: number, count: number) => void): Buffer {
    if (pages === undefined) return value
    const { first, count } = pages
    if (count !== Math.ceil((HEADER + size) / this.pageSize)) throw new BadPage(first, `is said to begin ${count} pages for ${size} bytes`)
    use(first, count)
    const bytes = this.#pages(first, count)
    if (bytes[KIND_AT] !== KINDS.long || bytes.readUInt32LE(20) !== count) throw new BadPage(first, 'does not begin a long value')
    return bytes.subarray(HEADER, HEADER + size)
  }

  /** How many pages the long value has that begins here; 0: none does. */
  longValueAt (number: number): number {
    const header = ifReadable(() => this.read(number * this.pageSize, HEADER))
    return header?.length === HEADER && u64(header, 0) === number && header[KIND_AT] === KINDS.long ? header.readUInt32LE(20) : 0
  }

  close (): void {
    closeSync(this.#file)
  }

  #pages (first: number, count: number): Buffer {
    const bytes = this.read(first * this.pageSize, count * this.pageSize)
    if (bytes.length < count * this.pageSize) throw new BadPage(first, 'is not in the file, which ends before it')
    const number = u64(bytes, 0)
    if (number !== first) throw new BadPage(first, `says that it is page ${number}`)
    return bytes
  }
}
