/** A WebSocket message ready for the wire, shared by everyone who gets it. */
export interface Frame {
  readonly bytes: Buffer
  /** The key whose unfinished bar this is: a newer frame may take its place. Undefined: it must arrive. */
  readonly replaceable: string | undefined
}

const LONGEST_HEAD = 10

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

/** A text as a frame of its own. */
export function frameText (text: string, replaceable?: string): Frame {
  const length = Buffer.byteLength(text)
  const bytes = Buffer.allocUnsafe(roomFor(length))
  const start = writeHead(length, bytes, 0)
  bytes.write(text, start)
  return { bytes: bytes.subarray(0, start + length), replaceable }
}
