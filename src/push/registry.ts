import type { BarFrame } from '../wire/answers.ts'
import type { Outbox } from './outbox.ts'

export type Listener = (message: BarFrame) => void

/** A subscriber's place among those of a key; it moves when another one leaves. */
export interface Seat { readonly topic: Topic, readonly group: Group, place: number }

/** Outboxes side by side, so that a bar's way to all of them is one walk over one array. */
class Group {
  readonly outboxes: Outbox[] = []
  readonly seats: Seat[] = []
}

/** Who listens to one key. */
export class Topic {
  readonly key: string
  readonly everything = new Group()
  readonly closedOnly = new Group()
  readonly listeners = new Set<Listener>()

  constructor (key: string) {
    this.key = key
  }

  get empty (): boolean {
    return this.everything.seats.length === 0 && this.closedOnly.seats.length === 0 && this.listeners.size === 0
  }
}

/** From key to those who listen to it. Joining and leaving take the same time however many there are; a key that nobody listens to leaves no trace. */
export class Registry {
  readonly #topics = new Map<string, Topic>()

  /** How many keys somebody listens to. */
  get size (): number {
    return this.#topics.size
  }

  topic (key: string): Topic | undefined {
    return this.#topics.get(key)
  }

  join (key: string, outbox: Outbox, { closedOnly }: { closedOnly: boolean }): Seat {
    const topic = this.#topicOf(key)
    const group = closedOnly ? topic.closedOnly : topic.everything
    const seat: Seat = { topic, group, place: group.seats.length }
    group.outboxes.push(outbox)
    group.seats.push(seat)
    return seat
  }

  /** The last one takes the place of the one that leaves. */
  leave ({ topic, group: { outboxes, seats }, place }: Seat): void {
    const lastOutbox = outboxes.pop() as Outbox
    const lastSeat = seats.pop() as Seat
    if (place < seats.length) {
      outboxes[place] = lastOutbox
      seats[place] = lastSeat
      lastSeat.place = place
    }
    this.#dropIfEmpty(topic)
  }

  listen (key: string, listener: Listener): () => void {
    const topic = this.#topicOf(key)
    topic.listeners.add(listener)
    return () => {
      topic.listeners.delete(listener)
      this.#dropIfEmpty(topic)
    }
  }

  #topicOf (key: string): Topic {
    let topic = this.#topics.get(key)
    if (topic === undefined) {
      topic = new Topic(key)
      this.#topics.set(key, topic)
    }
    return topic
  }

  #dropIfEmpty (topic: Topic): void {
    if (topic.empty && this.#topics.get(topic.key) === topic) this.#topics.delete(topic.key)
  }
}
