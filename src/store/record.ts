import type { MinuteBar } from '../market/bar.ts'
import type { Entry } from './entry.ts'

/**
 * How entries are written down: one after another, little-endian, numbers as doubles where nothing else is said.
 *
 *   minute bar  1 u8 · has u8 (1 turnover, 2 trades, 4 openInterest) · symbol · time open high low close volume
 *               · those of the optional fields that it has
 *   watermark   2 u8 · scope u8 (0 all, 1 symbols) · time · if symbols: count u32 · symbol …
 *   clock       3 u8 · time
 *   import      4 u8 · symbol · count u32 · minute bar …
 *
 * and a symbol is its length u8 · one byte a character.
 */
const KINDS = { minute: 1, watermark: 2, clock: 3, import: 4 } as const
const OPTIONAL = ['turnover', 'trades', 'openInterest'] as const
const LONGEST_MINUTE = 3 + 64 + (6 + OPTIONAL.length) * 8

export function encodeEntries (entries: readonly Entry[]): Buffer {
  const writer = new Writer()
  for (const entry of entries) {
    if (!('kind' in entry)) {
      writer.minute(entry)
    } else if (entry.kind === 'watermark') {
      writer.byte(KINDS.watermark).byte(entry.symbols === undefined ? 0 : 1).double(entry.time)
      if (entry.symbols === undefined) continue
      writer.count(entry.symbols.length)
      for (const symbol of entry.symbols) writer.symbol(symbol)
    } else if (entry.kind === 'clock') {
      writer.byte(KINDS.clock).double(entry.time)
    } else {
      writer.byte(KINDS.import).symbol(entry.symbol).count(entry.minutes.length)
      for (const minute of entry.minutes) writer.minute(minute)
    }
  }
  return writer.bytes
}

export function decodeEntries (bytes: Buffer): Entry[] {
  const reader = new Reader(bytes)
  const entries: Entry[] = []
  while (!reader.done) entries.push(readEntry(reader, reader.byte()))
  return entries
}

function readEntry (reader: Reader, kind: number): Entry {
  switch (kind) {
    case KINDS.minute: return reader.minute()
    case KINDS.watermark: {
      const scoped = reader.byte() === 1
      const time = reader.double()
      return scoped ? { kind: 'watermark', time, symbols: reader.list(() => reader.symbol()) } : { kind: 'watermark', time }
    }
    case KINDS.clock: return { kind: 'clock', time: reader.double() }
    case KINDS.import: return { kind: 'import', symbol: reader.symbol(), minutes: reader.list(() => { reader.byte(); return reader.minute() }) }
    default: throw new Error(`Expected the kind of a journal entry to be 1 to 4, got ${kind}`)
  }
}

class Writer {
  #bytes = Buffer.allocUnsafe(4096)
  #at = 0

  get bytes (): Buffer {
    return this.#bytes.subarray(0, this.#at)
  }

  byte (value: number): this {
    this.#room(1)
    this.#bytes[this.#at++] = value
    return this
  }

  double (value: number): this {
    this.#room(8)
    this.#at = this.#bytes.writeDoubleLE(value, this.#at)
    return this
  }

  count (value: number): this {
    this.#room(4)
    this.#at = this.#bytes.writeUInt32LE(value, this.#at)
    return this
  }

  symbol (symbol: string): this {
    this.#room(1 + symbol.length)
    this.#bytes[this.#at++] = symbol.length
    this.#at += this.#bytes.write(symbol, this.#at, 'latin1')
    return this
  }

  /** The kind goes before it. */
  minute (minute: MinuteBar): void {
    this.#room(LONGEST_MINUTE)
    const bytes = this.#bytes
    bytes[this.#at] = KINDS.minute
    const has = this.#at + 1
    bytes[has] = 0
    this.#at += 2
    this.symbol(minute.symbol)
    let at = bytes.writeDoubleLE(minute.time, this.#at)
    at = bytes.writeDoubleLE(minute.open, at)
    at = bytes.writeDoubleLE(minute.high, at)
    at = bytes.writeDoubleLE(minute.low, at)
    at = bytes.writeDoubleLE(minute.close, at)
    at = bytes.writeDoubleLE(minute.volume, at)
    for (let bit = 0; bit < OPTIONAL.length; bit++) {
      const value = minute[OPTIONAL[bit]]
      if (value === undefined) continue
      bytes[has] |= 1 << bit
      at = bytes.writeDoubleLE(value, at)
    }
    this.#at = at
  }

  #room (length: number): void {
    if (this.#at + length <= this.#bytes.length) return
    const grown = Buffer.allocUnsafe(this.#bytes.length * 2)
    grown.set(this.bytes)
    this.#bytes = grown
  }
}

class Reader {
  readonly #bytes: Buffer
  #at = 0

  constructor (bytes: Buffer) {
    this.#bytes = bytes
  }

  get done (): boolean {
    return this.#at >= this.#bytes.length
  }

  byte (): number {
    return this.#bytes.readUInt8(this.#at++)
  }

  double (): number {
    this.#at += 8
    return this.#bytes.readDoubleLE(this.#at - 8)
  }

  symbol (): string {
    const length = this.byte()
    this.#at += length
    return this.#bytes.toString('latin1', this.#at - length, this.#at)
  }

  list<T> (read: () => T): T[] {
    this.#at += 4
    return Array.from({ length: this.#bytes.readUInt32LE(this.#at - 4) }, read)
  }

  /** The kind has been read. */
  minute (): MinuteBar {
    const has = this.byte()
    const minute: MinuteBar = { symbol: this.symbol(), time: this.double(), open: this.double(), high: this.double(), low: this.double(), close: this.double(), volume: this.double() }
    for (let bit = 0; bit < OPTIONAL.length; bit++) if (has & 1 << bit) minute[OPTIONAL[bit]] = this.double()
    return minute
  }
}
