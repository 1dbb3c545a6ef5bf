import type { Sheet } from './sheet.ts'
import type { Socket } from './socket.ts'

const SIZE = 256 * 1024

/**
 * Where pieces that go to a socket in one write are laid side by side: memory that all sockets share. The kernel
 * nearly always takes everything at once, and then the same bytes serve the next socket. What a socket keeps stays
 * untouched.
 */
let arena = Buffer.allocUnsafeSlow(SIZE)
let used = 0

function makeRoom (length: number): void {
  if (used + length <= arena.length) return
  arena = Buffer.allocUnsafeSlow(Math.max(SIZE, length))
  used = 0
}

function hand (socket: Socket, end: number): void {
  socket.write(arena.subarray(used, end))
  if (socket.buffered > 0) used = end
}

/** Hands pieces to a socket in one write; says how many bytes they have. */
export function writePieces (socket: Socket, pieces: readonly Buffer[]): number {
  if (pieces.length === 1) {
    socket.write(pieces[0])
    return pieces[0].length
  }
  let length = 0
  for (const piece of pieces) length += piece.length
  makeRoom(length)
  let at = used
  for (const piece of pieces) {
    arena.set(piece, at)
    at += piece.length
  }
  hand(socket, at)
  return length
}

/** Hands over what a sheet has at the first `count` of these places, which ascend. Neighbours go as one piece, uncopied if they are all. Says how many bytes it was. */
export function writePlaces (socket: Socket, sheet: Sheet, { places, count }: { places: readonly number[], count: number }): number {
  const [first] = places
  const last = places[count - 1]
  if (last - first === count - 1) {
    const slice = sheet.slice(first, last + 1)
    socket.write(slice)
    return slice.length
  }
  makeRoom(sheet.size(first, last + 1))
  let at = used
  for (let i = 0; i < count;) {
    const from = places[i++]
    let to = from + 1
    while (i < count && places[i] === to) {
      i++
      to++
    }
    arena.set(sheet.slice(from, to), at)
    at += sheet.size(from, to)
  }
  const length = at - used
  hand(socket, at)
  return length
}
