import type { Clock } from '../clock.ts'
import { CLOSE_CODES, type CloseReason, type FrameCode } from '../errors.ts'
import type { Position, Reads } from '../store/store.ts'
import { ackFrame, errorFrame, heartbeatFrame, noticeFrame, pongFrame } from '../wire/answers.ts'
import { describe } from '../wire/describe.ts'
import type { Frame } from '../wire/frame.ts'
import { type BadKey, type Key, parseKey } from '../wire/key.ts'
import type { AckedKey } from '../wire/messages.ts'
import { parseRequest, type RequestId, type Subscribe, type Unsubscribe } from '../wire/requests.ts'
import { Outbox, type Reader } from './outbox.ts'
import type { Registry } from './registry.ts'
import type { Socket } from './socket.ts'
import { Subscriptions } from './subscriptions.ts'

export interface Limits {
  readonly maxKeysPerConnection: number
  readonly maxHistory: number
  readonly maxBufferedBytes: number
  readonly maxFrameBytes: number
  readonly maxBadFrames: number
}

export interface Surroundings {
  readonly store: Reads
  readonly registry: Registry
  readonly clock: Clock
  readonly limits: Limits
  /** The connection is over, for whatever reason; called once. */
  readonly onEnd: (connection: Connection) => void
}

/** One client: the frames it sends, the keys it holds, and what it is owed. */
export class Connection implements Reader {
  readonly outbox: Outbox
  lastPing: number
  lastPong: number
  readonly #socket: Socket
  readonly #surroundings: Surroundings
  readonly #subscriptions: Subscriptions
  #badFrames = 0
  #ended = false

  constructor (socket: Socket, surroundings: Surroundings) {
    const now = surroundings.clock.now()
    this.#socket = socket
    this.#surroundings = surroundings
    this.lastPing = now
    this.lastPong = now
    this.outbox = new Outbox(socket, this, { maxBufferedBytes: surroundings.limits.maxBufferedBytes, now })
    this.#subscriptions = new Subscriptions(this.outbox, surroundings)
  }

  receive (message: Buffer, { binary }: { binary: boolean }): void {
    if (this.#ended) return
    const { maxFrameBytes } = this.#surroundings.limits
    if (message.length > maxFrameBytes) return this.#refuse({ id: undefined, code: 'FRAME_TOO_LONG', message: `Expected at most ${maxFrameBytes} bytes, got ${message.length}` })
    if (binary) return this.#refuse({ id: undefined, code: 'BAD_FRAME', message: 'Expected a text frame, got a binary one' })
    const request = parseRequest(message.toString())
    if ('code' in request) return this.#refuse(request)
    this.#badFrames = 0
    switch (request.op) {
      case 'subscribe': return this.#subscribe(request)
      case 'unsubscribe': return this.#unsubscribe(request)
      case 'list': return this.send(ackFrame({ id: request.id, op: 'list', keys: this.#subscriptions.keys() }))
      case 'ping': return this.send(pongFrame(request.id, this.#surroundings.clock.now()))
    }
  }

  onOverflow (): void {
    this.close(CLOSE_CODES.slowConsumer)
  }

  onIdle (): void {
    this.#subscriptions.pay()
  }

  send (frame: Frame): void {
    this.outbox.send([frame])
  }

  /** Tells a quiet client that it is still connected, and what it should have by now. */
  beat (now: number): void {
    this.outbox.quietSince = now
    this.send(heartbeatFrame(now, this.#subscriptions.proof()))
  }

  ping (now: number): void {
    this.lastPing = now
    this.#socket.ping()
  }

  ponged (): void {
    this.lastPong = this.#surroundings.clock.now()
  }

  /** Says why, and closes. */
  sayGoodbye (retryMs: number): void {
    this.send(noticeFrame({ code: 'GOING_AWAY', retryMs, message: 'The server is going down' }))
    this.close(CLOSE_CODES.goingAway)
  }

  close ({ code, reason }: CloseReason): void {
    this.end()
    this.#socket.close(code, reason)
  }

  terminate (): void {
    this.end()
    this.#socket.terminate()
  }

  /** Takes every trace of it out of the registry. */
  end (): void {
    if (this.#ended) return
    this.#ended = true
    this.#subscriptions.clear()
    this.outbox.end()
    this.#surroundings.onEnd(this)
  }

  #subscribe ({ id, args, history = 1, closedOnly = false, watermarks = false, batch, since }: Subscribe): void {
    const { limits } = this.#surroundings
    if (history > limits.maxHistory) return this.#error(id, 'BAD_FRAME', `Expected \`history\` to be an integer from 1 to ${limits.maxHistory}, got ${describe(history)}`)
    if (args.length > limits.maxKeysPerConnection) return this.#tooManyKeys(id, args.length)
    const { good, rejected } = this.#sort(args)
    const added = good.filter(({ key }) => !this.#subscriptions.has(key)).length
    const total = this.#subscriptions.size + added
    if (total > limits.maxKeysPerConnection) return this.#tooManyKeys(id, total)
    const keys: AckedKey[] = []
    for (const key of good) {
      const acked = this.#resume(key, since !== undefined && Object.hasOwn(since, key.key) ? since[key.key] : undefined)
      keys.push(acked)
      this.#subscriptions.add({ key, history, closedOnly, watermarks, after: acked.replayed === undefined ? undefined : acked.seq - acked.replayed })
    }
    if (batch !== undefined) this.outbox.batches = batch
    this.#stir()
    this.#subscriptions.pay([ackFrame({ id, op: 'subscribe', keys, rejected })])
  }

  /** Where a key stands, and whether what came after `since` can be told. */
  #resume ({ key, symbol, period }: Key, since: Position | undefined): AckedKey {
    const { store } = this.#surroundings
    const position = store.position(symbol, period)
    if (since === undefined) return { key, ...position }
    const recovered = since.epoch === position.epoch && store.events({ symbol, period, seq: since.seq, limit: 1 }) !== undefined
    return { key, ...position, recovered, ...(recovered ? { replayed: position.seq - since.seq } : undefined) }
  }

  #unsubscribe ({ id, args }: Unsubscribe): void {
    if (args.length > this.#surroundings.limits.maxKeysPerConnection) return this.#tooManyKeys(id, args.length)
    const keys: string[] = []
    const rejected: BadKey[] = []
    for (const key of new Set(args)) {
      if (this.#subscriptions.remove(key)) keys.push(key)
      else rejected.push({ key, code: 'NOT_SUBSCRIBED', message: 'The key was not subscribed' })
    }
    this.#stir()
    this.send(ackFrame({ id, op: 'unsubscribe', keys, rejected }))
  }

  #sort (args: readonly string[]): { good: Key[], rejected: BadKey[] } {
    const good: Key[] = []
    const rejected: BadKey[] = []
    for (const arg of new Set(args)) {
      const key = parseKey(arg, this.#surroundings.store.periods)
      if ('code' in key) rejected.push(key)
      else good.push(key)
    }
    return { good, rejected }
  }

  /** A subscription action: the next heartbeat is a whole interval away. */
  #stir (): void {
    this.outbox.quietSince = this.#surroundings.clock.now()
  }

  #refuse ({ id, code, message }: { id: RequestId, code: FrameCode, message: string }): void {
    this.#error(id, code, message)
    if (++this.#badFrames >= this.#surroundings.limits.maxBadFrames) this.close(CLOSE_CODES.malformed)
  }

  #tooManyKeys (id: RequestId, count: number): void {
    const { maxKeysPerConnection } = this.#surroundings.limits
    this.#error(id, 'TOO_MANY_KEYS', `Expected at most ${maxKeysPerConnection} keys, got ${count} with these; nothing changed`)
  }

  #error (id: RequestId, code: FrameCode, message: string): void {
    this.send(errorFrame({ id, code, message }))
  }
}
