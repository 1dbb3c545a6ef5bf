import type { Position, Store } from '../store/store.ts'
import { barFrame, resetText, snapshotFrame } from '../wire/answers.ts'
import { type Frame, frameText } from '../wire/frame.ts'
import type { Key } from '../wire/key.ts'
import { type Outbox, PIECE_BYTES } from './outbox.ts'
import type { Registry, Seat } from './registry.ts'
import type { Watchers } from './watchers.ts'

/** How many events are read from the store at a time. */
const PAGE = 200
/** How much one connection is paid in one turn of the event loop, so that a long catch-up holds up nobody else. */
const TURN_BYTES = 4 * PIECE_BYTES

/** What a client asks of a key. */
export interface Wish {
  readonly key: Key
  /** How many bars a snapshot holds. */
  readonly history: number
  readonly closedOnly: boolean
  readonly watermarks: boolean
  /** The `seq` after which it goes on; undefined: a snapshot. */
  readonly after: number | undefined
}

export interface SubscriptionsOptions {
  readonly store: Store
  readonly registry: Registry
  readonly watchers: Watchers
  readonly outbox: Outbox
  /** UTC milliseconds. */
  readonly now: () => number
}

/** A key that is held: live once it has a seat, and until then owed its snapshot, or the events from `after` on. */
interface Subscription { readonly wish: Wish, after: number | undefined, seat: Seat | undefined }

/**
 * The keys of one connection. A subscription is paid what it is owed piece by piece, as the socket takes it, and
 * becomes live in the same turn of the event loop in which the last piece was read, so that the two join.
 */
export class Subscriptions {
  readonly #options: SubscriptionsOptions
  readonly #held = new Map<string, Subscription>()
  readonly #owed = new Set<Subscription>()

  constructor (options: SubscriptionsOptions) {
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

  /** Owes the key what the client wishes; whatever the subscription was before is over. */
  add (wish: Wish): void {
    const { key, symbol } = wish.key
    this.remove(key)
    const subscription = { wish, after: wish.after, seat: undefined }
    this.#held.set(key, subscription)
    this.#owed.add(subscription)
    if (wish.watermarks) this.#options.watchers.join(symbol, this.#options.outbox)
  }

  remove (key: string): boolean {
    const subscription = this.#held.get(key)
    if (subscription === undefined) return false
    const { registry, watchers, outbox } = this.#options
    const { seat, wish } = subscription
    if (seat !== undefined) registry.leave(seat)
    if (wish.watermarks) watchers.leave(wish.key.symbol, outbox)
    this.#owed.delete(subscription)
    this.#held.delete(key)
    return true
  }

  clear (): void {
    for (const key of this.keys()) this.remove(key)
  }

  /**
   * What lets a client see that it has missed nothing: how many keys it holds, and the sum of the newest `seq` of
   * each. Undefined while it is still catching up.
   */
  proof (): { keys: number, seqTotal: number } | undefined {
    if (this.#owed.size > 0) return undefined
    let seqTotal = 0
    for (const { seat } of this.#held.values()) seqTotal += (seat as Seat).topic.seq
    return { keys: this.#held.size, seqTotal }
  }

  /**
   * Sends what is owed until the socket is full, after frames that go before it. A key that waits its turn costs
   * its name, and what it gets is the newer.
   */
  pay (before: readonly Frame[] = []): void {
    const { outbox } = this.#options
    let piece = [...before]
    let bytes = 0
    let paid = 0
    for (const subscription of this.#owed) {
      while (this.#owed.has(subscription)) {
        if (outbox.stalled) return outbox.send(piece)
        if (paid >= TURN_BYTES) return this.#payLater()
        for (const frame of this.#nextPiece(subscription)) {
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
    setImmediate(() => { this.pay() })
  }

  #nextPiece (subscription: Subscription): Frame[] {
    const { store, now } = this.#options
    const { wish: { key: { key, symbol, period }, history, closedOnly }, after } = subscription
    const position = store.position(symbol, period)
    if (after === undefined) {
      this.#goLive(subscription, position)
      return [snapshotFrame(key, position, store.buckets({ symbol, period, limit: history }))]
    }
    const events = store.events({ symbol, period, seq: after, limit: PAGE })
    if (events === undefined) {
      subscription.after = undefined // what was to follow went while the reader took its time
      return [frameText(resetText({ key, seq: position.seq }, position.epoch))]
    }
    const ts = now()
    const frames = events.map((bucket) => barFrame(key, bucket, ts))
    subscription.after = after + events.length
    if (subscription.after < position.seq) return frames
    this.#goLive(subscription, position)
    const open = closedOnly ? undefined : store.open(symbol, period)
    return open === undefined ? frames : [...frames, barFrame(key, open, ts)]
  }

  #goLive (subscription: Subscription, { seq }: Position): void {
    const { registry, outbox } = this.#options
    const { wish: { key: { key }, closedOnly } } = subscription
    subscription.seat = registry.join(key, outbox, { seq, closedOnly })
    this.#owed.delete(subscription)
  }
}
