/** Which pages of a file are taken: a bit for each. */
export class PageSet {
  readonly #bits: Uint8Array

  /** For the pages from 0 up to `last`. */
  constructor (last: number) {
    this.#bits = new Uint8Array((last >>> 3) + 1)
  }

  has (page: number): boolean {
    return (this.#bits[page >>> 3] & 1 << (page & 7)) !== 0
  }

  /** Whether it was not taken yet. */
  add (page: number): boolean {
    if (this.has(page)) return false
    this.#bits[page >>> 3] |= 1 << (page & 7)
    return true
  }

  addRun (first: number, count: number): void {
    for (let page = first; page < first + count; page++) this.add(page)
  }

  /** A page that is taken in both. */
  shared (other: PageSet): number | undefined {
    const byte = this.#bits.findIndex((bits, i) => (bits & other.#bits[i]) !== 0)
    if (byte === -1) return undefined
    return byte * 8 + 31 - Math.clz32(this.#bits[byte] & other.#bits[byte])
  }
}
