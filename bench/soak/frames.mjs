/** Cuts what a server sends into frames, and calls `onFrame(opcode, bytes, from, to)` for each: its payload lies there for as long as the call. */
export class FrameReader {
  /** The beginning of a frame whose end is still to come. */
  #rest

  read (chunk, length, onFrame) {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk.subarray(0, length)])
    const end = this.#rest === undefined ? length : bytes.length
    let at = 0
    while (end - at >= 2) {
      const short = bytes[at + 1] // no mask bit: a server doesn't mask
      const head = short < 126 ? 2 : short === 126 ? 4 : 10
      if (end - at < head) break
      const size = short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : bytes.readUInt32BE(at + 6)
      if (end - at < head + size) break
      onFrame(bytes[at] & 15, bytes, at + head, at + head + size)
      at += head + size
    }
    this.#rest = at === end ? undefined : Buffer.from(bytes.subarray(at, end))
  }
}

const KEY_AT = '{"type":"bar","key":"'.length
const QUOTE = 0x22
const R = 0x72
const S = 0x73
const ZERO = 0x30

export function isBar (bytes, from) {
  return bytes[from + 11] === R && bytes[from + 12] === QUOTE // {"type":"bar"
}

/** The head of a `bar` frame, without the rest of it being looked at; `seq` is 0 if it has none. The same object each time. */
export function barHead (bytes, from) {
  let at = from + KEY_AT
  while (bytes[at] !== QUOTE) at++
  head.key = bytes.latin1Slice(from + KEY_AT, at)
  at += 3 // ","
  head.seq = 0
  if (bytes[at] === S) {
    at = number(bytes, at + 5) // seq":
    head.seq = value
    at += 2 // ,"
  }
  number(bytes, at + 4) // ts":
  head.ts = value
  return head
}

const TRADES = Buffer.from('"trades":')

/** How many minutes are in the bar of a `bar` frame: each has one trade. */
export function minutesIn (bytes, from) {
  number(bytes, bytes.indexOf(TRADES, from) + TRADES.length)
  return value
}

const head = { key: '', seq: 0, ts: 0 }
let value = 0

/** Reads a whole number into `value`; returns where it ends. */
function number (bytes, at) {
  value = 0
  for (; bytes[at] !== 0x2c && bytes[at] !== 0x7d; at++) value = value * 10 + bytes[at] - ZERO
  return at
}

/** A frame of a client with an empty mask: 1000, it goes. */
export const CLOSE = Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8])
