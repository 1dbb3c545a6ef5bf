import type { Frame } from '../wire/frame.ts'
import type { Socket } from './socket.ts'

const SIZE = 256 * 1024

let arena = Buffer.allocUnsafeSlow(SIZE)
let used = 0

/**
 * Hands frames to a socket in one write. They are copied side by side into memory that all sockets share: the
 * kernel nearly always takes everything at once, and then the same bytes serve the next socket. What a socket
 * keeps stays untouched.
 */
export function writeFrames (socket: Socket, frames: readonly Frame[]): void {
  if (frames.length === 1) {
    socket.write(frames[0].bytes)
    return
  }
  let length = 0
  for (const { bytes } of frames) length += bytes.length
  if (used + length > arena.length) {
    arena = Buffer.allocUnsafeSlow(Math.max(SIZE, length))
    used = 0
  }
  let at = used
  for (const { bytes } of frames) {
    arena.set(bytes, at)
    at += bytes.length
  }
  socket.write(arena.subarray(used, at))
  if (socket.buffered > 0) used = at
}
