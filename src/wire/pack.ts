import { constants, deflateRawSync } from 'node:zlib'
import { type Frame, frameBytes, textOf } from './frame.ts'

/** How frames of one write are put on the wire. */
export interface Packing {
  /** Several of them as one frame that holds them all. */
  readonly batches: boolean
  /** Each of them compressed, if that makes it shorter. */
  readonly deflates: boolean
}

/** The least that zlib has, so that every client has as much; bars repeat themselves within 200 bytes. */
const WINDOW_BITS = 9
const MEMORY_LEVEL = 6
/** What is agreed on with a client (RFC 7692, section 7.1): every frame stands for itself, so that one that is compressed serves all who get it. */
export const DEFLATE = { serverNoContextTakeover: true, clientNoContextTakeover: true, serverMaxWindowBits: WINDOW_BITS }
/** What an empty stored block ends with, and the receiver puts there again (RFC 7692, section 7.2.1). */
const TAIL_BYTES = 4

const BATCH = Buffer.from('{"type":"batch","frames":[')
const COMMA = Buffer.from(',')
const END = Buffer.from(']}')

const shared = new WeakMap<Frame, Buffer>()

/**
 * The bytes of frames, in pieces. What everybody gets is compressed once; a batch is of one connection alone, and
 * goes as it is.
 */
export function packFrames (frames: readonly Frame[], { batches, deflates }: Packing): Buffer[] {
  if (batches && frames.length > 1) return [batchFrames(frames)]
  return frames.map((frame) => deflates ? deflateOnce(frame) : frame.bytes)
}

/** `{"type":"batch","frames":[…]}` */
function batchFrames (frames: readonly Frame[]): Buffer {
  const pieces: Buffer[] = [BATCH]
  for (const { bytes } of frames) pieces.push(textOf(bytes), COMMA)
  pieces[pieces.length - 1] = END
  return frameBytes(Buffer.concat(pieces))
}

function deflateOnce (frame: Frame): Buffer {
  let bytes = shared.get(frame)
  if (bytes === undefined) {
    bytes = deflate(frame.bytes)
    shared.set(frame, bytes)
  }
  return bytes
}

function deflate (bytes: Buffer): Buffer {
  const text = textOf(bytes)
  const deflated = deflateRawSync(text, { windowBits: WINDOW_BITS, memLevel: MEMORY_LEVEL, finishFlush: constants.Z_SYNC_FLUSH })
  return deflated.length - TAIL_BYTES < text.length ? frameBytes(deflated.subarray(0, -TAIL_BYTES), { deflated: true }) : bytes
}
