import type { Frame } from '../wire/frame.ts'
import { packFrames } from '../wire/pack.ts'
import { writePieces, writePlaces } from './arena.ts'
import type { Meter } from './meter.ts'
import type { Sheet } from './sheet.ts'
import type { Socket } from './socket.ts'

/** How much goes out at a time to a reader that is behind; what has not gone out yet can still be replaced. */
export const PIECE_BYTES = 64 * 1024

/** Whose outbox it is. */
export interface Reader {
  /** More than `maxBufferedBytes` wait. */
  onOverflow (): void
  /** The socket has caught up. */
  onIdle (): void
}

/**
 * What one connection is still owed. Frames of a tick go out in one write. While the socket has not taken the
 * last write they wait here: of an unfinished bar only the newest state, of durable frames every one, in order.
 *
 *   push ──► places of the sheet ──flush──► socket     the socket keeps up
 *   push ──► held ──drained, in pieces──► socket       it does not
 *
 * `push` never calls out, so a walk over many outboxes can't be changed under its feet.
 */
export class Outbox {
  /** When it last sent data, UTC milliseconds. */
  quietSince: number
  /** Whether what goes out in one write goes as one frame. */
  batches = false
  readonly #socket: Socket
  readonly #deflates: boolean
  readonly #reader: Reader
  readonly #limit: number
  readonly #meter: Meter
  /** The places of this tick; the array is used again and again, so that a tick leaves no garbage. */
  #places: number[] = []
  #count = 0
  #held: Map<string | Frame, Frame> | undefined
  #heldBytes = 0
  #stalled = false
  #overflowed = false
  #ended = false

  /** `now` is UTC milliseconds. */
  constructor (socket: Socket, reader: Reader, { maxBufferedBytes, meter, now }: { maxBufferedBytes: number, meter: Meter, now: number }) {
    this.#socket = socket
    this.#deflates = socket.deflates
    this.#reader = reader
    this.#limit = maxBufferedBytes
    this.#meter = meter
    this.quietSince = now
  }

  /** Whether the socket has yet to take what it was given. */
  get stalled (): boolean {
    return this.#stalled
  }

  /** How many bytes wait for the reader, here and in the socket. */
  get waiting (): number {
    return this.#heldBytes + this.#socket.buffered
  }

  /** Adds a frame of the sheet to this tick. True: the first one, the caller owes it a `flush`. */
  push (sheet: Sheet, place: number): boolean {
    if (this.#stalled) return this.#hold(sheet.frame(place))
    this.#places[this.#count] = place
    return this.#count++ === 0
  }

  /** Ends the tick: everything pushed goes out in one write. True: the socket has kept a part of the sheet. */
  flush (sheet: Sheet): boolean {
    const count = this.#count
    this.#count = 0
    if (this.#overflowed) {
      this.#reader.onOverflow()
      return false
    }
    if (this.#ended || count === 0) return false
    if (this.batches || this.#deflates) {
      this.#pack(this.#places.slice(0, count).map((place) => sheet.frame(place)))
    } else {
      this.#note(count, writePlaces(this.#socket, sheet, { places: this.#places, count }))
    }
    return this.#noteStall()
  }

  /** Sends frames that are of this connection alone, at once and in one write. */
  send (frames: readonly Frame[]): void {
    if (this.#ended || frames.length === 0) return
    if (this.#stalled) {
      for (const frame of frames) this.#hold(frame)
      if (this.#overflowed) this.#reader.onOverflow()
    } else {
      this.#write(frames)
    }
  }

  /** Sends nothing more and lets go of what waited. */
  end (): void {
    this.#ended = true
    this.#places = []
    this.#count = 0
    this.#held = undefined
    this.#heldBytes = 0
  }

  #hold (frame: Frame): boolean {
    if (this.#ended || this.#overflowed) return false
    const place = frame.replaceable ?? frame
    this.#held ??= new Map()
    const stale = this.#held.get(place)
    if (stale !== undefined) {
      this.#held.delete(place) // and to the end with the new state: behind durable bars of the same key that came in between
      this.#heldBytes -= stale.bytes.length
      this.#meter.conflated++
    }
    this.#held.set(place, frame)
    this.#heldBytes += frame.bytes.length
    this.#overflowed = this.waiting > this.#limit
    return this.#overflowed
  }

  #write (frames: readonly Frame[]): void {
    this.#pack(frames)
    this.#noteStall()
  }

  #pack (frames: readonly Frame[]): void {
    this.#note(frames.length, writePieces(this.#socket, packFrames(frames, { batches: this.batches, deflates: this.#deflates })))
  }

  #note (frames: number, bytes: number): void {
    this.#meter.frames += frames
    this.#meter.bytes += bytes
  }

  #noteStall (): boolean {
    if (this.#socket.buffered === 0) return false
    this.#stalled = true
    this.#socket.whenDrained(() => { this.#drained() })
    return true
  }

  #drained (): void {
    if (this.#ended) return
    this.#stalled = false
    while (this.#held !== undefined && !this.#stalled) this.#write(this.#takeHeld(this.#held))
    if (!this.#stalled) this.#reader.onIdle()
  }

  #takeHeld (held: Map<string | Frame, Frame>): Frame[] {
    const piece: Frame[] = []
    let bytes = 0
    for (const [place, frame] of held) {
      if (bytes > 0 && bytes + frame.bytes.length > PIECE_BYTES) break
      bytes += frame.bytes.length
      piece.push(frame)
      held.delete(place)
    }
    if (held.size === 0) this.#held = undefined
    this.#heldBytes -= bytes
    return piece
  }
}
