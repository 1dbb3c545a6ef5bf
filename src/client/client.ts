import type { Bar } from '../market/bar.ts'
import type { AnswerOf } from '../wire/frames.ts'
import { socketUrl } from './address.ts'
import { systemClock } from './clock.ts'
import { Connection, type ConnectionOptions } from './connection.ts'
import { Emitter, tell } from './emitter.ts'
import { KlineClientError } from './error.ts'
import type { Ear } from './feed.ts'
import type { ClientOptions, IterateOptions, SeriesOptions, SubscribeOptions } from './options.ts'
import { Queue } from './queue.ts'
import { readBars, type ReadQuery } from './read.ts'
import { type End, Retry } from './retry.ts'
import { createSeries, type Series } from './series.ts'
import type { SocketClass } from './socket.ts'
import { Subscriptions } from './subscriptions.ts'

/**
 * `connecting`: nothing was heard yet. `catching-up`: connected, and some key is still being told what it missed.
 * `live`: all is there. `stale`: the connection is lost and will be tried again. `closed`: for good.
 */
export type ClientState = 'connecting' | 'catching-up' | 'live' | 'stale' | 'closed'

/** With `code` and `reason` if a connection has ended; it is tried again after `retryMs`. */
export interface StateChange { readonly state: ClientState, readonly code?: number, readonly reason?: string, readonly retryMs?: number }

export interface ClientEvents {
  /** Each change of the state, and each try that fails. */
  state: StateChange
  /** Every minute that opens before `time` is complete: of one contract if it has a `symbol`. */
  watermark: AnswerOf<'watermark'>
}

/** One connection for all keys, which comes back by itself. */
export class Client {
  readonly #connectionOptions: ConnectionOptions
  readonly #emitter = new Emitter<ClientEvents>()
  readonly #subscriptions: Subscriptions
  readonly #retry: Retry
  #connection: Connection | undefined
  #isReady = false
  #state: ClientState = 'connecting'
  #stopTimer = (): void => {}

  constructor (url: string | URL, { token, clock = systemClock, random = Math.random, closedOnly = false, watermarks = false, silenceMs = 35_000, answerMs = 10_000, firstRetryMs = 1000, maxRetryMs = 30_000, WebSocket = ambientSocket() }: ClientOptions) {
    checkCounts({ silenceMs, answerMs, firstRetryMs, maxRetryMs })
    this.#connectionOptions = { url: socketUrl(url), WebSocket, clock, token, silenceMs, answerMs }
    this.#retry = new Retry({ firstRetryMs, maxRetryMs, random, renewable: token !== undefined })
    this.#subscriptions = new Subscriptions({ clock, closedOnly, watermarks, onChange: () => { this.#look() } })
    this.#connect()
  }

  get state (): ClientState {
    return this.#state
  }

  /** Calls back until the function that comes back is called. */
  on<Name extends keyof ClientEvents> (name: Name, listener: (event: ClientEvents[Name]) => void): () => void {
    return this.#emitter.on(name, listener)
  }

  /**
   * The bars of a key `contract.period` as they come, to be taken in the consumer's own time; `closed` tells whether a
   * bar is final. It is subscribed while it is iterated, and ends when the client is closed; begun after that it throws.
   *
   * @throws KlineClientError when the key is refused, when the consumer is too slow, when the server sends us away
   */
  klines (key: string, { history = 1, onReset, signal, maxQueuedBars = 10_000 }: IterateOptions = {}): AsyncIterable<Bar> {
    checkCounts({ history, maxQueuedBars })
    return {
      [Symbol.asyncIterator]: () => {
        const abort = (): void => { queue.return() }
        const queue = new Queue(maxQueuedBars + history, () => {
          stop()
          signal?.removeEventListener('abort', abort)
        })
        const stop = this.#listen(key, { history, onReset, onBar (bar) { queue.push(bar) }, onEnd (err) { queue.end(err) } })
        signal?.addEventListener('abort', abort)
        if (signal?.aborted === true) abort()
        return queue
      },
    }
  }

  /**
   * Calls back with each bar of a key, until the function that comes back is called. An error that no `onError` hears is
   * thrown on its own, as what a listener throws.
   */
  subscribe (key: string, listener: (event: { key: string, bar: Bar }) => void, { history = 1, onReset, onError }: SubscribeOptions = {}): () => void {
    checkCounts({ history })
    return this.#listen(key, {
      history,
      onReset,
      onBar (bar) { tell(listener, { key, bar }) },
      onEnd (err) { if (err !== undefined) tell(onError ?? raise, err) },
    })
  }

  /** Keeps the merged bars of a key. */
  series (key: string, { history = 1, limit = 5000 }: SeriesOptions = {}): Series {
    checkCounts({ history, limit })
    return createSeries({ key, history, limit, join: (ear) => this.#subscriptions.join(key, ear) })
  }

  /** Bars from before those that a subscription begins with: `GET /klines` of the same server. @throws KlineClientError */
  async read (query: ReadQuery): Promise<Bar[]> {
    const { url, token } = this.#connectionOptions
    return await readBars(url, query, await token?.())
  }

  /** Ends all subscriptions and the connection. */
  close (): void {
    this.#connection?.close()
    this.#finish({ state: 'closed' })
  }

  #connect (): void {
    const { clock } = this.#connectionOptions
    this.#connection = new Connection(this.#connectionOptions, {
      onReady: (connection) => {
        this.#isReady = true
        this.#retry.ready(clock.now())
        this.#subscriptions.connected((request) => { connection.send(request) })
        this.#look()
      },
      onFrame: (frame) => {
        if (frame.type === 'watermark') this.#emitter.emit('watermark', frame)
        else this.#subscriptions.take(frame)
      },
      onEnd: (end) => { this.#lost(end) },
    })
  }

  #lost (end: End): void {
    const { code, reason } = end
    const { clock } = this.#connectionOptions
    this.#connection = undefined
    this.#isReady = false
    this.#subscriptions.lost()
    const retryMs = this.#retry.after(end, clock.now())
    if (retryMs === undefined) {
      return this.#finish({ state: 'closed', code, reason }, new KlineClientError('CLOSED', `The server closed the connection for good: ${code} ${reason}`))
    }
    this.#stopTimer = clock.after(retryMs, () => { this.#connect() })
    this.#enter({ state: this.#state === 'connecting' ? 'connecting' : 'stale', code, reason, retryMs })
  }

  #finish (change: StateChange, err?: KlineClientError): void {
    this.#stopTimer()
    this.#connection = undefined
    this.#isReady = false
    this.#enter(change)
    this.#subscriptions.end(err)
  }

  #look (): void {
    if (this.#isReady) this.#enter({ state: this.#subscriptions.settled ? 'live' : 'catching-up' })
  }

  #enter (change: StateChange): void {
    if (change.state === this.#state && change.code === undefined) return
    this.#state = change.state
    this.#emitter.emit('state', change)
  }

  #listen (key: string, { history, onReset, onBar, onEnd }: Pick<Ear, 'history' | 'onEnd'> & { onBar: (bar: Bar) => void, onReset: (() => void) | undefined }): () => void {
    let listens = true
    const hear = (bars: readonly Bar[]): void => { for (const bar of bars) if (listens) onBar(bar) }
    const ear: Ear = {
      history,
      limit: 0, // what it begins with is enough
      onStart: hear,
      onReset (news, { missed }) {
        if (missed && onReset !== undefined) tell(onReset, undefined)
        hear(news)
      },
      onBar (bar) { hear([bar]) },
      onEnd,
    }
    const feed = this.#subscriptions.join(key, ear)
    return () => {
      listens = false
      feed.leave(ear)
    }
  }
}

function raise (err: Error): void {
  throw err
}

function checkCounts (counts: Record<string, number>): void {
  for (const [name, count] of Object.entries(counts)) {
    if (!Number.isInteger(count) || count < 1) throw new RangeError(`Expected \`${name}\` to be an integer from 1 up, got \`${count}\``)
  }
}

function ambientSocket (): SocketClass {
  const { WebSocket } = globalThis as { WebSocket?: SocketClass }
  if (WebSocket === undefined) throw new TypeError('Expected the option `WebSocket`, there is none here')
  return WebSocket
}
