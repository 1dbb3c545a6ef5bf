import type { Frame } from '../wire/frame.ts'
import { writeFrames } from './arena.ts'
import type { Socket } from './socket.ts'

/** How much goes out at a time to a reader that is behind; what has not gone out yet can still be replaced. */
export const PIECE_BYTES = 64 * 1024

/**
 * What one connection is still owed. Frames of a tick go out in one write. While the socket has not taken the
 * last write they wait here: of an unfinished bar only the newest state, of durable frames every one, in order.
 *
 *   push ──► pending ──flush──► socket          the socket keeps up
 *   push ──► held ──drained, in pieces──► socket   it does not
 *
 * `push` never calls out, so a walk over many outboxes can't be changed under its feet.
 */
export class Outbox {
  /** When it last sent data, UTC milliseconds. */
  quietSince: number
  readonly #socket: Socket
  readonly #limit: number
  readonly #onOverflow: () => void
  readonly #onIdle: () => void
  #pending: Frame[] = []
  readonly #held = new Map<string | Frame, Frame>()
  #heldBytes = 0
  #stalled = false
  #overflowed = false
  #ended = false

  constructor (socket: Socket, { maxBufferedBytes, now, onOverflow, onIdle }: { maxBufferedBytes: number, now: number, onOverflow: () => void, onIdle: () => void }) {
    this.#socket = socket
    this.#limit = maxBufferedBytes
    this.quietSince = now
    this.#onOverflow = onOverflow
    this.#onIdle = onIdle
  }

  /** Whether the socket has yet to take what it was given. */
  get stalled (): boolean {
    return this.#stalled
  }

  /** Adds a frame to this tick. True: the first one, the caller owes it a `flush`. */
  push (frame: Frame): boolean {
    if (this.#stalled) return this.#hold(frame)
    return this.#pending.push(frame) === 1
  }

  /** Ends the tick: everything pushed goes out in one write. */
  flush (): void {
    if (this.#overflowed) {
      this.#onOverflow()
      return
    }
    if (this.#ended || this.#pending.length === 0) return
    const frames = this.#pending
    this.#pending = []
    this.#write(frames)
  }

  /** Sends nothing more and lets go of what waited. */
  end (): void {
    this.#ended = true
    this.#pending = []
    this.#held.clear()
    this.#heldBytes = 0
  }

  #hold (frame: Frame): boolean {
    if (this.#ended || this.#overflowed) return false
    const place = frame.replaceable ?? frame
    const stale = this.#held.get(place)
    if (stale !== undefined) {
      this.#held.delete(place) // and to the end with the new state: behind durable bars of the same key that came in between
      this.#heldBytes -= stale.bytes.length
    }
    this.#held.set(place, frame)
    this.#heldBytes += frame.bytes.length
    this.#overflowed = this.#heldBytes + this.#socket.buffered > this.#limit
    return this.#overflowed
  }

  #write (frames: readonly Frame[]): void {
    writeFrames(this.#socket, frames)
    if (this.#socket.buffered === 0) return
    this.#stalled = true
    this.#socket.whenDrained(() => { this.#drained() })
  }

  #drained (): void {
    if (this.#ended) return
    this.#stalled = false
    while (this.#held.size > 0 && !this.#stalled) this.#write(this.#takeHeld())
    if (!this.#stalled) this.#onIdle()
  }

  #takeHeld (): Frame[] {
    const piece: Frame[] = []
    let bytes = 0
    for (const [place, frame] of this.#held) {
      if (bytes > 0 && bytes + frame.bytes.length > PIECE_BYTES) break
      bytes += frame.bytes.length
      piece.push(frame)
      this.#held.delete(place)
    }
    this.#heldBytes -= bytes
    return piece
  }
}
