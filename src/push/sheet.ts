import { type Frame, roomFor, writeFrame } from '../wire/frame.ts'

/** More than a tick usually has; a tick that has more goes out in several parts. */
const SIZE = 512 * 1024

/**
 * The frames of one tick side by side, each encoded once, so that neighbours can go out as one slice.
 *
 *   ┌─────────┬─────────┬────────────┬──
 *   │ place 0 │ place 1 │ place 2    │        ends: 190 380 590 …
 *   └─────────┴─────────┴────────────┴──
 */
export class Sheet {
  /** How many frames it has. */
  length = 0
  #bytes = Buffer.allocUnsafeSlow(SIZE)
  #used = 0
  readonly #ends: number[] = []
  readonly #replaceables: (string | undefined)[] = []
  readonly #views: (Uint8Array | undefined)[] = []
  readonly #frames: (Frame | undefined)[] = []

  hasRoomFor (text: string): boolean {
    return this.#used + roomFor(text.length) <= SIZE
  }

  /** Adds a message of one byte a character and says at what place; `replaceable` as in `Frame`. */
  add (text: string, replaceable: string | undefined): number {
    const place = this.length++
    this.#used = writeFrame(text, this.#bytes, this.#used)
    this.#ends[place] = this.#used
    this.#replaceables[place] = replaceable
    this.#views[place] = undefined
    this.#frames[place] = undefined
    return place
  }

  /** How many bytes the frames have from one place up to, not including, another. */
  size (from: number, to: number): number {
    return this.#ends[to - 1] - this.#begin(from)
  }

  /** The bytes of the frames from one place up to, not including, another. They change with the next sheet. */
  slice (from: number, to: number): Uint8Array {
    if (to - from > 1) return this.#bytes.subarray(this.#begin(from), this.#ends[to - 1])
    this.#views[from] ??= this.#bytes.subarray(this.#begin(from), this.#ends[from])
    return this.#views[from]
  }

  /** A frame of its own, for a reader that is behind: the sheet does not have to stay for it. */
  frame (place: number): Frame {
    this.#frames[place] ??= { bytes: Buffer.from(this.slice(place, place + 1)), replaceable: this.#replaceables[place] }
    return this.#frames[place]
  }

  /** Makes room for the next tick. `kept`: some socket has not taken all yet, so its bytes are left to it. */
  clear ({ kept }: { kept: boolean }): void {
    if (kept) this.#bytes = Buffer.allocUnsafeSlow(SIZE)
    this.length = 0
    this.#used = 0
  }

  #begin (place: number): number {
    return place === 0 ? 0 : this.#ends[place - 1]
  }
}
