import type { BarFrame } from '../wire/frames.ts'
import type { Outbox } from './outbox.ts'
import { Watchers } from './watchers.ts'

export type Listener = (message: BarFrame) => void

/** A subscriber's place among those of a key; it moves when another one leaves. */
export interface Seat { readonly topic: Topic, readonly group: Group, readonly watermarks: boolean, place: number }

/** Outboxes side by side, so that a bar's way to all of them is one walk over one array. */
class Group {
  readonly outboxes: Outbox[] = []
  readonly seats: Seat[] = []
}

/** A listener in process. */
export interface Ear { readonly onBar: Listener, readonly onReset: () => void }

/** Who listens to one key. */
export class Topic {
  readonly key: string
  readonly symbol: string
  /** The newest durable event of the key, and the newest that was an import. */
  seq: number
  resetSeq = 0
  /** Whether those who listen are still to be told of an import. */
  resetDue = false
  readonly everything = new Group()
  readonly closedOnly = new Group()
  readonly ears = new Set<Ear>()

  constructor (key: string, seq: number) {
    this.key = key
    this.symbol = key.slice(0, key.lastIndexOf('.'))
    this.seq = seq
  }

  get empty (): boolean {
    return this.everything.seats.length === 0 && this.closedOnly.seats.length === 0 && this.ears.size === 0
  }
}

/** From key to those who listen to it. Joining and leaving take the same time however many there are; a key that nobody listens to leaves no trace. */
export class Registry {
  /** Who wants to be told when a minute is complete. */
  readonly watchers = new Watchers()
  readonly #topics = new Map<string, Topic>()
  /** How many topics there are of each symbol. */
  readonly #symbols = new Map<string, number>()

  /** How many keys somebody listens to. */
  get size (): number {
    return this.#topics.size
  }

  /** Whether somebody listens to any key of the symbol. */
  knows (symbol: string): boolean {
    return this.#symbols.has(symbol)
  }

  topic (key: string): Topic | undefined {
    return this.#topics.get(key)
  }

  /** `seq` is that of the newest durable event of the key, which the outbox has or is about to get. */
  join (key: string, outbox: Outbox, { seq, closedOnly, watermarks }: { seq: number, closedOnly: boolean, watermarks: boolean }): Seat {
    const topic = this.#topicOf(key, seq)
    const group = closedOnly ? topic.closedOnly : topic.everything
    const seat: Seat = { topic, group, watermarks, place: group.seats.length }
    group.outboxes.push(outbox)
    group.seats.push(seat)
    if (watermarks) this.watchers.join(topic.symbol, outbox)
    return seat
  }

  /** The last one takes the place of the one that leaves. */
  leave ({ topic, group: { outboxes, seats }, watermarks, place }: Seat): void {
    if (watermarks) this.watchers.leave(topic.symbol, outboxes[place])
    const lastOutbox = outboxes.pop() as Outbox
    const lastSeat = seats.pop() as Seat
    if (place < seats.length) {
      outboxes[place] = lastOutbox
      seats[place] = lastSeat
      lastSeat.place = place
    }
    this.#dropIfEmpty(topic)
  }

  listen (key: string, ear: Ear, seq: number): () => void {
    const topic = this.#topicOf(key, seq)
    topic.ears.add(ear)
    return () => {
      topic.ears.delete(ear)
      this.#dropIfEmpty(topic)
    }
  }

  #topicOf (key: string, seq: number): Topic {
    let topic = this.#topics.get(key)
    if (topic === undefined) {
      topic = new Topic(key, seq)
      this.#topics.set(key, topic)
      this.#symbols.set(topic.symbol, (this.#symbols.get(topic.symbol) ?? 0) + 1)
    }
    return topic
  }

  #dropIfEmpty (topic: Topic): void {
    if (!topic.empty || this.#topics.get(topic.key) !== topic) return
    this.#topics.delete(topic.key)
    const left = this.#symbols.get(topic.symbol) as number - 1
    if (left === 0) this.#symbols.delete(topic.symbol)
    else this.#symbols.set(topic.symbol, left)
  }
}
