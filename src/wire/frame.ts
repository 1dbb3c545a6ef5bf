/** A WebSocket message ready for the wire, shared by everyone who gets it. */
export interface Frame {
  readonly bytes: Buffer
  /** The key whose unfinished bar this is: a newer frame may take its place. Undefined: it must arrive. */
  readonly replaceable: string | undefined
}

const LONGEST_HEAD = 10
const RSV1 = 0x40

/** How many bytes a frame takes at most whose text has so many. */
export function roomFor (length: number): number {
  return LONGEST_HEAD + length
}

/** Writes the head of an unfragmented, unmasked text frame (RFC 6455, section 5.2); returns where its text goes. */
function writeHead (length: number, into: Buffer, at: number): number {
  into[at] = 0x81 // the last fragment, and text
  if (length < 126) {
    into[at + 1] = length
    return at + 2
  }
  if (length < 65_536) {
    into[at + 1] = 126
    return into.writeUInt16BE(length, at + 2)
  }
  into[at + 1] = 127
  into.writeUInt32BE(0, at + 2)
  return into.writeUInt32BE(length, at + 6)
}

/** Writes a text of one byte a character, which spares counting them, as a frame; returns where it ends. */
export function writeFrame (text: string, into: Buffer, at: number): number {
  const start = writeHead(text.length, into, at)
  return start + into.write(text, start, 'latin1')
}

/** The text of a frame that `writeFrame` or `frameText` made. */
export function textOf (bytes: Buffer): Buffer {
  const [, length] = bytes
  return bytes.subarray(length < 126 ? 2 : length === 126 ? 4 : LONGEST_HEAD)
}

/** A text as a frame of its own. */
export function frameText (text: string, replaceable?: string): Frame {
  return { bytes: frameBytes(Buffer.from(text)), replaceable }
}

/** A frame around what it holds; `deflated` as RFC 7692 has it. */
export function frameBytes (payload: Buffer, { deflated = false } = {}): Buffer {
  const bytes = Buffer.allocUnsafe(roomFor(payload.length))
  const start = writeHead(payload.length, bytes, 0)
  if (deflated) bytes[0] |= RSV1
  bytes.set(payload, start)
  return bytes.subarray(0, start + payload.length)
}
