/** As many bytes of a payload as its reader gets to see. */
export const PEEK = 16
const LONGEST_HEAD = 10

/**
 * Walks over the frames of a WebSocket server and reads nothing of them but the first bytes: a load that decoded
 * JSON would be slower than what it measures.
 */
export class FrameWalker {
  /** Bytes of the present payload that are still to come. */
  #skip = 0
  /** The beginning of a frame that a chunk cut off. */
  #cut = new Uint8Array(LONGEST_HEAD + PEEK)
  #held = 0

  /** Calls `onFrame(opcode, bytes, at, size)` for each frame that begins: of its payload, `size` long, the first `PEEK` bytes lie at `bytes[at]`. */
  walk (chunk, length, onFrame) {
    let at = 0
    while (at < length) {
      if (this.#skip > 0) {
        const step = Math.min(this.#skip, length - at)
        this.#skip -= step
        at += step
      } else if (this.#held > 0 || length - at < this.#cut.length) {
        this.#cut[this.#held++] = chunk[at++]
        if (this.#held < beginning(this.#cut, this.#held)) continue
        const held = this.#held
        this.#held = 0
        this.#skip = payloadSize(this.#cut, 0) - (held - headSize(this.#cut, 0))
        onFrame(this.#cut[0] & 15, this.#cut, headSize(this.#cut, 0), payloadSize(this.#cut, 0))
      } else {
        const head = headSize(chunk, at)
        const size = payloadSize(chunk, at)
        onFrame(chunk[at] & 15, chunk, at + head, size)
        at += head
        this.#skip = size
      }
    }
  }
}

/** How many bytes must be there before a frame can be told: its head, and what is peeked at. */
function beginning (bytes, held) {
  if (held < 2 || held < headSize(bytes, 0)) return Infinity
  return headSize(bytes, 0) + Math.min(payloadSize(bytes, 0), PEEK)
}

function headSize (bytes, at) {
  const short = bytes[at + 1] // no mask bit: a server doesn't mask
  return short < 126 ? 2 : short === 126 ? 4 : LONGEST_HEAD
}

function payloadSize (bytes, at) {
  const short = bytes[at + 1]
  if (short < 126) return short
  if (short === 126) return bytes[at + 2] << 8 | bytes[at + 3]
  return (bytes[at + 6] << 24 | bytes[at + 7] << 16 | bytes[at + 8] << 8 | bytes[at + 9]) >>> 0
}

/** A client's text frame. Its mask is all zeros, so that the text goes out as it is. */
export function textFrame (text) {
  const size = Buffer.byteLength(text)
  const head = size < 126 ? 2 : size < 65_536 ? 4 : LONGEST_HEAD
  const frame = Buffer.alloc(head + 4 + size)
  frame[0] = 0x81
  frame[1] = 0x80 | (head === 2 ? size : head === 4 ? 126 : 127)
  if (head === 4) frame.writeUInt16BE(size, 2)
  if (head === LONGEST_HEAD) frame.writeUInt32BE(size, 6)
  frame.write(text, head + 4)
  return frame
}

export const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0])
