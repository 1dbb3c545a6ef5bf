import type { Answer, ServerFrame } from '../wire/frames.ts'
import type { Request } from '../wire/requests.ts'
import type { Clock } from './clock.ts'
import type { End } from './retry.ts'
import type { Socket, SocketClass } from './socket.ts'

/** Gets the token that the server wants; called for each connection and before a token expires. */
export type TokenSource = () => string | Promise<string>

export interface ConnectionOptions {
  readonly url: string
  readonly WebSocket: SocketClass
  readonly clock: Clock
  readonly token: TokenSource | undefined
  /** So long without a frame and the server is asked whether it is there. */
  readonly silenceMs: number
  /** How long an answer may take, of the connection itself too. */
  readonly answerMs: number
}

export interface ConnectionEvents {
  /** The server has let us in. */
  onReady (connection: Connection): void
  onFrame (frame: Answer): void
  /** It is over, and was not ended from here; called once. */
  onEnd (end: End): void
}

const NORMAL = 1000
const ABNORMAL = 1006
/** Ours: what the server says is none of what a kline-push says. */
const NOT_UNDERSTOOD = 4002
const AUTH = 'auth'
/** A new token is sent so long before the old one expires, or after half of its time if that is less. */
const RENEW_MS = 60_000
/** How long a server may take to answer our goodbye. */
const GOODBYE_MS = 1000

/** One WebSocket, from the token that it needs until it is gone. */
export class Connection {
  readonly #options: ConnectionOptions
  readonly #events: ConnectionEvents
  #socket: Socket | undefined
  #ready = false
  #ended = false
  /** When the server was heard last, UTC milliseconds; undefined: it is to answer now. */
  #heardAt: number | undefined
  #problem = ''
  #retryMs: number | undefined
  #stopTimer: () => void
  #stopRenewal = (): void => {}

  constructor (options: ConnectionOptions, events: ConnectionEvents) {
    this.#options = options
    this.#events = events
    this.#stopTimer = options.clock.after(options.answerMs, () => { this.#listen() })
    this.#open().catch((err: Error) => { this.#lose({ code: ABNORMAL, reason: err.message }) })
  }

  send (frame: Request): void {
    this.#socket?.send(JSON.stringify(frame))
  }

  /** Says goodbye; nothing is heard any more. */
  close (): void {
    this.#end()
    const socket = this.#socket
    if (socket === undefined) return
    this.#stopTimer = this.#options.clock.after(GOODBYE_MS, () => { socket.terminate?.() })
    socket.close(NORMAL)
  }

  async #open (): Promise<void> {
    const { url, WebSocket, clock, token } = this.#options
    const first = await token?.()
    if (this.#ended) return
    const socket = new WebSocket(url)
    this.#socket = socket
    socket.addEventListener('open', () => {
      this.#heardAt = clock.now()
      if (first === undefined) this.#enter()
      else this.send({ op: 'auth', id: AUTH, token: first })
    })
    socket.addEventListener('message', ({ data }: { data: unknown }) => { this.#hear(data) })
    socket.addEventListener('error', ({ error, message = '' }: { error?: { code?: string }, message?: string }) => { this.#problem = error?.code ?? message })
    socket.addEventListener('close', ({ code, reason }: { code: number, reason: string }) => {
      this.#stopTimer()
      this.#lose({ code, reason: reason === '' ? this.#problem : reason })
    })
  }

  #enter (): void {
    if (this.#ended || this.#ready) return
    this.#ready = true
    this.#events.onReady(this)
  }

  #hear (data: unknown): void {
    if (this.#ended) return
    this.#heardAt = this.#options.clock.now()
    try {
      this.#take(JSON.parse(data as string) as ServerFrame)
    } catch {
      this.#socket?.close(NOT_UNDERSTOOD, 'not understood')
      this.#lose({ code: NOT_UNDERSTOOD, reason: `not understood: ${String(data).slice(0, 200)}` })
    }
  }

  #take (frame: ServerFrame): void {
    if (this.#ended) return // by whoever listens
    if (frame.type === 'batch') {
      for (const one of frame.frames) this.#take(one)
    } else if (frame.type === 'notice') {
      this.#retryMs = frame.retryMs
    } else if (frame.type === 'ack' && frame.op === 'auth') {
      this.#renewBefore(frame.expiresAt)
      this.#enter()
    } else if (frame.type === 'error' && frame.code === 'TOO_MANY_FRAMES') {
      this.#leave(frame.code) // one of ours was not read, and nobody knows which
    } else {
      this.#events.onFrame(frame)
    }
  }

  /** Where by our clock there is nothing left, the server says when it is time: by closing. */
  #renewBefore (expiresAt = -Infinity): void {
    const { clock } = this.#options
    const left = expiresAt - clock.now()
    this.#stopRenewal()
    if (left > 0) this.#stopRenewal = clock.after(left - Math.min(RENEW_MS, left / 2), () => { this.#renew().catch(() => {}) }) // it closes then, and the next connection tries again
  }

  async #renew (): Promise<void> {
    const token = await this.#options.token?.()
    if (!this.#ended && token !== undefined) this.send({ op: 'auth', id: AUTH, token })
  }

  /** Looks whether the server is still heard: a quiet one is asked, and one that does not answer is left. */
  #listen (): void {
    const { clock, silenceMs, answerMs } = this.#options
    if (this.#heardAt === undefined) return this.#leave('silent')
    const left = this.#heardAt + silenceMs - clock.now()
    if (left <= 0) {
      this.#heardAt = undefined
      this.send({ op: 'ping' })
    }
    this.#stopTimer = clock.after(left > 0 ? left : answerMs, () => { this.#listen() })
  }

  #leave (reason: string): void {
    this.#lose({ code: ABNORMAL, reason })
    const socket = this.#socket
    if (socket?.terminate === undefined) socket?.close()
    else socket.terminate()
  }

  #lose ({ code, reason }: Pick<End, 'code' | 'reason'>): void {
    if (this.#ended) return
    this.#end()
    this.#events.onEnd({ code, reason, retryMs: this.#retryMs })
  }

  #end (): void {
    this.#ended = true
    this.#stopTimer()
    this.#stopRenewal()
  }
}
