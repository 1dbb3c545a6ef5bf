import { WebSocket } from 'ws'
import { type Clock, systemClock } from '../clock.ts'
import type { Bar } from '../market/bar.ts'
import { barLine } from './line.ts'
import { backOff, type Pause, pauseUntil } from './pause.ts'

// Of a server that has lost its history, how many bars of each key are looked through for news.
const CATCH_UP = 100
const PING_EVERY_MS = 20_000
// How long a server may take to answer our goodbye.
const GOODBYE_MS = 1000
const STEPS = { first: 500, most: 30_000 }

export interface WatchOptions {
  readonly keys: readonly string[]
  readonly url: string
  /** What the server knows its subscribers by. */
  readonly token?: string | undefined
  readonly out: NodeJS.WritableStream
  readonly err: NodeJS.WritableStream
  readonly signal: AbortSignal
  /** Every time the server has acknowledged the keys. */
  readonly onSubscribed?: () => void
  readonly pause?: Pause
  readonly clock?: Clock
}

/** How a connection ended, and how long the server wants to be left alone. */
interface End { readonly code: number, readonly reason: string, readonly retryMs: number | undefined, readonly subscribed: boolean }

type Message =
  | { type: 'bar', key: string, seq?: number, bar: Bar }
  | { type: 'snapshot', key: string, epoch: string, seq: number, bars: Bar[] }
  | { type: 'reset', key: string, epoch: string, seq: number }
  | { type: 'ack', keys: unknown[], rejected: { key: string, message: string }[] }
  | { type: 'error', code: string, message: string }
  | { type: 'notice', retryMs: number }
  | { type: 'heartbeat' }

/** Of each key the last line, and the place after which the next connection goes on. */
interface Memory { readonly printed: Map<string, Bar>, readonly positions: Map<string, { epoch: string, seq: number }> }

/** The server was understood, and there is nothing to watch. */
class Refusal extends Error {}

/** Prints every bar of the keys until the signal says stop. @throws when the server says that coming back is no use */
export async function watch ({ err, signal, pause = pauseUntil, ...options }: WatchOptions): Promise<void> {
  const memory: Memory = { printed: new Map(), positions: new Map() }
  for (let tries = 0; !signal.aborted; tries++) {
    const { code, reason, retryMs, subscribed } = await new Connection({ ...options, err, signal }, memory).ended
    if (signal.aborted) return
    if (code >= 4000 && code < 4100) throw new Error(`${options.url} closed the connection for good: ${code} ${reason}`)
    if (subscribed) tries = 0
    const delay = retryMs ?? (code >= 4200 && code < 4300 && subscribed ? 0 : backOff(tries, STEPS))
    err.write(`lost ${options.url} (${code}${reason === '' ? '' : ` ${reason}`}), back in ${(delay / 1000).toFixed(1)} s\n`)
    await pause(performance.now() + delay, signal)
  }
}

class Connection {
  readonly ended: Promise<End>
  readonly #options: WatchOptions
  readonly #memory: Memory
  readonly #webSocket: WebSocket
  #subscribed = false
  #retryMs: number | undefined
  #problem: string | undefined

  constructor (options: WatchOptions, memory: Memory) {
    this.#options = options
    this.#memory = memory
    this.#webSocket = new WebSocket(options.url, options.token === undefined ? {} : { headers: { authorization: `Bearer ${options.token}` } })
    this.ended = this.#run()
  }

  async #run (): Promise<End> {
    const { url, signal, clock = systemClock } = this.#options
    const webSocket = this.#webSocket
    const stop = () => {
      webSocket.close()
      setTimeout(() => { webSocket.terminate() }, GOODBYE_MS).unref()
    }
    let alive = true
    const stopPulse = clock.every(PING_EVERY_MS, () => {
      if (webSocket.readyState !== WebSocket.OPEN) return
      if (!alive) return webSocket.terminate()
      alive = false
      webSocket.ping()
    })
    signal.addEventListener('abort', stop, { once: true })
    try {
      return await new Promise((resolve, reject) => {
        webSocket.on('open', () => { this.#subscribe() })
        webSocket.on('pong', () => { alive = true })
        webSocket.on('message', (data: Buffer) => {
          const text = data.toString()
          try {
            this.#take(JSON.parse(text) as Message)
          } catch (err) {
            reject(err instanceof Refusal ? err : new Error(`${url} does not speak as kline-push does: ${text.slice(0, 200)}`, { cause: err }))
            webSocket.terminate()
          }
        })
        webSocket.on('error', (err: NodeJS.ErrnoException) => { this.#problem = err.code ?? err.message })
        webSocket.on('close', (code, reason) => {
          resolve({ code, reason: this.#problem ?? reason.toString(), retryMs: this.#retryMs, subscribed: this.#subscribed })
        })
      })
    } finally {
      stopPulse()
      signal.removeEventListener('abort', stop)
    }
  }

  #subscribe (): void {
    const { positions } = this.#memory
    this.#webSocket.send(JSON.stringify({ op: 'subscribe', args: this.#options.keys, history: positions.size === 0 ? 1 : CATCH_UP, since: Object.fromEntries(positions) }))
  }

  #take (message: Message): void {
    switch (message.type) {
      case 'bar': return this.#bar(message.key, message.bar, message.seq)
      case 'snapshot': {
        this.#memory.positions.set(message.key, { epoch: message.epoch, seq: message.seq })
        return this.#catchUp(message.key, message.bars)
      }
      case 'reset': this.#memory.positions.set(message.key, { epoch: message.epoch, seq: message.seq }); return
      case 'notice': this.#retryMs = message.retryMs; return
      case 'ack': return this.#acknowledged(message.keys.length, message.rejected)
      case 'error': throw new Refusal(`${this.#options.url} refused the subscription: ${message.code} ${message.message}`)
    }
  }

  #acknowledged (good: number, rejected: readonly { key: string, message: string }[]): void {
    for (const { key, message } of rejected) this.#options.err.write(`${key}: ${message}\n`)
    if (good === 0) throw new Refusal('None of the keys can be watched')
    this.#subscribed = true
    this.#options.onSubscribed?.()
  }

  #bar (key: string, bar: Bar, seq: number | undefined): void {
    const position = this.#memory.positions.get(key)
    if (seq !== undefined && position !== undefined) position.seq = seq
    if (seq === undefined) this.#printNews(key, bar)
    else this.#print(key, bar)
  }

  /** Of a snapshot, what the last line of the key has not said yet. */
  #catchUp (key: string, bars: readonly Bar[]): void {
    const last = this.#memory.printed.get(key)
    for (const bar of last === undefined ? bars.slice(-1) : bars) if (last === undefined || bar.time >= last.time) this.#printNews(key, bar)
  }

  /** A bar as it is now, unless the last line of the key has said so. */
  #printNews (key: string, bar: Bar): void {
    if (JSON.stringify(bar) !== JSON.stringify(this.#memory.printed.get(key))) this.#print(key, bar)
  }

  #print (key: string, bar: Bar): void {
    const { printed } = this.#memory
    const last = printed.get(key)
    if (last === undefined || bar.time >= last.time) printed.set(key, bar)
    this.#options.out.write(`${barLine(key, bar)}\n`)
  }
}
