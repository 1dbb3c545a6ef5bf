/** A WebSocket message ready for the wire, shared by everyone who gets it. */
export interface Frame {
  readonly bytes: Buffer
  /** The key whose unfinished bar this is: a newer frame may take its place. Undefined: it must arrive. */
  readonly replaceable: string | undefined
}

/**
 * Puts a text message into one unfragmented, unmasked frame (RFC 6455, section 5.2). `ascii` says that the text
 * has one byte per character, which spares counting them; what bars are made of always has.
 */
export function frameText (text: string, { ascii, replaceable }: { ascii: boolean, replaceable?: string | undefined }): Frame {
  const length = ascii ? text.length : Buffer.byteLength(text)
  const head = length < 126 ? 2 : length < 65_536 ? 4 : 10
  const bytes = Buffer.allocUnsafe(head + length)
  bytes[0] = 0x81 // the last fragment, and text
  if (head === 2) {
    bytes[1] = length
  } else if (head === 4) {
    bytes[1] = 126
    bytes.writeUInt16BE(length, 2)
  } else {
    bytes[1] = 127
    bytes.writeUInt32BE(0, 2)
    bytes.writeUInt32BE(length, 6)
  }
  bytes.write(text, head, ascii ? 'latin1' : 'utf8')
  return { bytes, replaceable }
}
