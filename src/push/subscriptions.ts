import type { Clock } from '../clock.ts'
import type { Position, Reads } from '../store/store.ts'
import { barFrame, resetText, snapshotFrame } from '../wire/answers.ts'
import { type Frame, frameText } from '../wire/frame.ts'
import type { Key } from '../wire/key.ts'
import { type Outbox, PIECE_BYTES } from './outbox.ts'
import type { Registry, Seat } from './registry.ts'

/** How many events are read from the store at a time. */
const PAGE = 200
/** How much one connection is paid in one turn of the event loop, so that a long catch-up holds up nobody else. */
const TURN_BYTES = 4 * PIECE_BYTES

/** What a client asks of a key, and is owed until the key is live. */
export interface Owed {
  readonly key: Key
  /** How many bars a snapshot holds. */
  readonly history: number
  readonly closedOnly: boolean
  readonly watermarks: boolean
  /** The `seq` after which it goes on; undefined: a snapshot. */
  after: number | undefined
}

export interface SubscriptionsOptions { readonly store: Reads, readonly registry: Registry, readonly clock: Clock }

/**
 * The keys of one connection. What a key is owed is paid piece by piece, as the socket takes it, and the key becomes
 * live in the same turn of the event loop in which the last piece was read, so that the two join. From then on all
 * that is left of it is its seat.
 */
export class Subscriptions {
  readonly #outbox: Outbox
  readonly #options: SubscriptionsOptions
  readonly #held = new Map<string, Seat | Owed>()
  #owed: Set<Owed> | undefined
  /** Whether the next turn of the event loop pays on. */
  #isDue = false

  constructor (outbox: Outbox, options: SubscriptionsOptions) {
    this.#outbox = outbox
    this.#options = options
  }

  get size (): number {
    return this.#held.size
  }

  has (key: string): boolean {
    return this.#held.has(key)
  }

  keys (): string[] {
    return [...this.#held.keys()]
  }

  /** Owes the key what the client asks; whatever the subscription was before is over. */
  add (owed: Owed): void {
    const { key } = owed.key
    this.remove(key)
    this.#held.set(key, owed)
    this.#owed ??= new Set()
    this.#owed.add(owed)
  }

  remove (key: string): boolean {
    const held = this.#held.get(key)
    if (held === undefined) return false
    if ('topic' in held) this.#options.registry.leave(held)
    else this.#paid(held)
    return this.#held.delete(key)
  }

  clear (): void {
    for (const key of this.keys()) this.remove(key)
  }

  /**
   * What lets a client see that it has missed nothing: how many keys it holds, and the sum of the newest `seq` of
   * each. Undefined while it is still catching up, or is to be told of an import.
   */
  proof (): { keys: number, seqTotal: number } | undefined {
    if (this.#owed !== undefined) return undefined
    let seqTotal = 0
    for (const { topic } of this.#held.values() as MapIterator<Seat>) {
      if (topic.resetDue) return undefined
      seqTotal += topic.seq
    }
    return { keys: this.#held.size, seqTotal }
  }

  /**
   * Sends what is owed until the socket is full, after frames that go before it. A key that waits its turn costs
   * its name, and what it gets is the newer.
   */
  pay (before: readonly Frame[] = []): void {
    const outbox = this.#outbox
    if (this.#isDue) return outbox.send(before)
    let piece = [...before]
    let bytes = 0
    let paid = 0
    for (const owed of this.#owed ?? []) {
      while (this.#owed?.has(owed) === true) {
        if (outbox.stalled) return outbox.send(piece)
        if (paid >= TURN_BYTES) return this.#payLater()
        for (const frame of this.#nextPiece(owed)) {
          piece.push(frame)
          bytes += frame.bytes.length
        }
        if (bytes < PIECE_BYTES) continue
        outbox.send(piece)
        paid += bytes
        piece = []
        bytes = 0
      }
    }
    outbox.send(piece)
  }

  #payLater (): void {
    this.#isDue = true
    setImmediate(() => {
      this.#isDue = false
      this.pay()
    })
  }

  #nextPiece (owed: Owed): Frame[] {
    const { store, clock } = this.#options
    const { key: { key, symbol, period }, history, closedOnly, after } = owed
    const position = store.position(symbol, period)
    if (after === undefined) {
      this.#goLive(owed, position)
      return [snapshotFrame(key, position, store.buckets({ symbol, period, limit: history }))]
    }
    const events = store.events({ symbol, period, seq: after, limit: PAGE })
    if (events === undefined) {
      owed.after = undefined // what was to follow went while the reader took its time
      return [frameText(resetText({ key, seq: position.seq }, position.epoch))]
    }
    const ts = clock.now()
    const frames = events.map((bucket) => barFrame(key, bucket, ts))
    owed.after = after + events.length
    if (owed.after < position.seq) return frames
    this.#goLive(owed, position)
    const open = closedOnly ? undefined : store.open(symbol, period)
    return open === undefined ? frames : [...frames, barFrame(key, open, ts)]
  }

  #goLive (owed: Owed, { seq }: Position): void {
    const { key: { key }, closedOnly, watermarks } = owed
    this.#held.set(key, this.#options.registry.join(key, this.#outbox, { seq, closedOnly, watermarks }))
    this.#paid(owed)
  }

  #paid (owed: Owed): void {
    this.#owed?.delete(owed)
    if (this.#owed?.size === 0) this.#owed = undefined
  }
}
