import type { FrameCode } from '../errors.ts'
import type { Ack, Answer, AnswerOf } from '../wire/frames.ts'
import type { Request, RequestId, Subscribe } from '../wire/requests.ts'
import type { Clock } from './clock.ts'
import { KlineClientError } from './error.ts'
import { type Ear, Feed } from './feed.ts'

/** A key has up to 68 characters and is named twice, so that a frame stays far below 64 KiB. */
const KEYS_PER_FRAME = 100
/** From so many keys on the frames of a tick come as one. */
const BATCH_FROM = 10
/** What is asked within so long goes out together: fewer frames than any server minds. */
const GATHER_MS = 5

export interface SubscriptionsOptions {
  readonly clock: Clock
  readonly closedOnly: boolean
  readonly watermarks: boolean
  /** It may be `settled` now, or may be no longer. */
  readonly onChange: () => void
}

type Send = (request: Request) => void

/** The keys of a client: each is asked for once, however many listen, and again on every connection. */
export class Subscriptions {
  readonly #options: SubscriptionsOptions
  readonly #feeds = new Map<string, Feed>()
  /** Those that have to be asked for, or that nobody listens to any more. */
  readonly #due = new Set<Feed>()
  readonly #behind = new Set<Feed>()
  readonly #unanswered = new Map<RequestId, readonly Feed[]>()
  #requests = 0
  /** Whether more history is asked for than was wanted; a server may have a limit. */
  #generous = true
  #send: Send | undefined
  #ended = false
  #stopTimer: (() => void) | undefined

  constructor (options: SubscriptionsOptions) {
    this.#options = options
  }

  /** Whether every key is live. */
  get settled (): boolean {
    return this.#behind.size === 0
  }

  join (key: string, ear: Ear): Feed {
    const feed = this.#feeds.get(key) ?? new Feed(key, { closedOnly: this.#options.closedOnly, onChange: (feed) => { this.#noteChange(feed) } })
    if (this.#ended) queueMicrotask(() => { feed.end(new KlineClientError('CLOSED', 'The client is closed')) })
    else this.#feeds.set(key, feed)
    feed.join(ear)
    return feed
  }

  /** There is a connection: all keys are asked for. */
  connected (send: Send): void {
    this.#send = send
    this.#flush()
  }

  /** It is gone, and what was asked will not be answered. */
  lost (): void {
    this.#send = undefined
    this.#unanswered.clear()
    for (const feed of this.#feeds.values()) feed.lost()
  }

  /** Nothing more comes, ever. */
  end (err?: KlineClientError): void {
    this.#send = undefined
    this.#ended = true
    this.#stopTimer?.()
    const feeds = [...this.#feeds.values()]
    for (const feed of feeds) this.#forget(feed)
    for (const feed of feeds) feed.end(err)
  }

  take (frame: Answer): void {
    switch (frame.type) {
      case 'ack': return this.#acked(frame)
      case 'snapshot': return this.#feeds.get(frame.key)?.snapshot(frame)
      case 'bar': return this.#feeds.get(frame.key)?.bar(frame)
      case 'reset': return this.#feeds.get(frame.key)?.reset()
      case 'heartbeat': return this.#prove(frame)
      case 'error': return this.#refused(frame)
    }
  }

  #acked (frame: Ack): void {
    const feeds = this.#answered(frame.id)
    if (frame.op !== 'subscribe') return
    for (const feed of feeds) {
      const acked = frame.keys.find(({ key }) => key === feed.key)
      const rejected = frame.rejected.find(({ key }) => key === feed.key)
      if (acked !== undefined) feed.acked(acked)
      else if (rejected !== undefined) this.#fail(feed, rejected)
    }
  }

  /** A request was refused as a whole. */
  #refused ({ id, code, message }: AnswerOf<'error'>): void {
    const feeds = this.#answered(id)
    const again = code === 'BAD_FRAME' && this.#generous
    if (feeds.length > 0 && again) this.#generous = false
    for (const feed of feeds) {
      if (again) feed.ask({ anew: false })
      else this.#fail(feed, { code, message })
    }
  }

  /** The keys that a request asked for, but for those that have been asked for again since. */
  #answered (id: RequestId): Feed[] {
    const feeds = this.#unanswered.get(id) ?? []
    this.#unanswered.delete(id)
    return feeds.filter((feed) => feed.request === id && feed.phase === 'asked')
  }

  /** A quiet server says what everybody should have by now. */
  #prove ({ keys, seqTotal }: AnswerOf<'heartbeat'>): void {
    if (keys === undefined || !this.settled || this.#unanswered.size > 0) return
    let total = 0
    for (const { seq } of this.#feeds.values()) total += seq
    if (keys === this.#feeds.size && seqTotal === total) return
    for (const feed of this.#feeds.values()) feed.ask({ anew: false })
  }

  #fail (feed: Feed, { code, message }: { code: FrameCode, message: string }): void {
    this.#forget(feed)
    feed.end(new KlineClientError(code, message))
    this.#options.onChange()
  }

  #forget (feed: Feed): void {
    this.#feeds.delete(feed.key)
    this.#behind.delete(feed)
    this.#due.delete(feed)
  }

  #noteChange (feed: Feed): void {
    if (this.#feeds.get(feed.key) !== feed) return // it was forgotten
    if (feed.phase === 'live') this.#behind.delete(feed)
    else this.#behind.add(feed)
    if (feed.phase === 'due' || feed.idle) this.#due.add(feed)
    if (feed.idle || (feed.phase === 'due' && this.#send !== undefined)) this.#stopTimer ??= this.#options.clock.after(GATHER_MS, () => { this.#flush() })
    this.#options.onChange()
  }

  #flush (): void {
    this.#stopTimer?.()
    this.#stopTimer = undefined
    const idle = [...this.#due].filter((feed) => feed.idle)
    for (const feed of idle) this.#forget(feed)
    const send = this.#send
    if (send === undefined) return
    const due = [...this.#due].filter((feed) => feed.phase === 'due')
    this.#due.clear()
    for (const args of chunks(idle.filter(({ request }) => request !== undefined).map(({ key }) => key))) {
      this.#unanswered.set(++this.#requests, [])
      send({ op: 'unsubscribe', id: this.#requests, args })
    }
    const groups = new Map<number, Feed[]>()
    for (const feed of due) {
      const history = feed.wanted({ generous: this.#generous })
      const group = groups.get(history)
      if (group === undefined) groups.set(history, [feed])
      else group.push(feed)
    }
    for (const [history, group] of groups) for (const feeds of chunks(group)) send(this.#ask(feeds, history))
  }

  #ask (feeds: readonly Feed[], history: number): Request {
    const { closedOnly, watermarks } = this.#options
    const id = ++this.#requests
    const since: Subscribe['since'] = {}
    this.#unanswered.set(id, feeds)
    for (const feed of feeds) {
      const position = feed.asking(id)
      if (position !== undefined) since[feed.key] = position
    }
    return { op: 'subscribe', id, args: feeds.map(({ key }) => key), history, closedOnly, watermarks, batch: this.#feeds.size >= BATCH_FROM, since }
  }
}

/** Pieces of a list, which it empties. */
function * chunks<T> (list: T[]): Generator<T[], void> {
  while (list.length > 0) yield list.splice(0, KEYS_PER_FRAME)
}
