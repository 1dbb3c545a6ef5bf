import type { Clock } from '../clock.ts'
import { CLOSE_CODES, type CloseReason, type FrameCode } from '../errors.ts'
import type { Store } from '../store/store.ts'
import { ackFrame, type AckedKey, errorFrame, noticeFrame, pongFrame, snapshotFrame } from '../wire/answers.ts'
import { describe } from '../wire/describe.ts'
import type { Frame } from '../wire/frame.ts'
import { type BadKey, type Key, parseKey } from '../wire/key.ts'
import { parseRequest, type RequestId, type Subscribe, type Unsubscribe } from '../wire/requests.ts'
import { Outbox, PIECE_BYTES } from './outbox.ts'
import type { Registry, Seat } from './registry.ts'
import type { Socket } from './socket.ts'

export interface Limits {
  readonly maxKeysPerConnection: number
  readonly maxHistory: number
  readonly maxBufferedBytes: number
  readonly maxFrameBytes: number
  readonly maxBadFrames: number
}

export interface Surroundings {
  readonly store: Store
  readonly registry: Registry
  readonly clock: Clock
  readonly limits: Limits
  /** The connection is over, for whatever reason; called once. */
  readonly onEnd: (connection: Connection) => void
}

/** A snapshot that a subscription still has to send before it is live. */
interface Owed { readonly key: Key, readonly history: number, readonly closedOnly: boolean }

/** One client: the frames it sends, the keys it holds, and what it is owed. */
export class Connection {
  readonly outbox: Outbox
  lastPing: number
  lastPong: number
  readonly #socket: Socket
  readonly #surroundings: Surroundings
  /** The keys it holds; one whose snapshot has not gone out yet has no seat. */
  readonly #seats = new Map<string, Seat | undefined>()
  readonly #owed = new Map<string, Owed>()
  #badFrames = 0
  #ended = false

  constructor (socket: Socket, surroundings: Surroundings) {
    const now = surroundings.clock.now()
    this.#socket = socket
    this.#surroundings = surroundings
    this.lastPing = now
    this.lastPong = now
    this.outbox = new Outbox(socket, {
      maxBufferedBytes: surroundings.limits.maxBufferedBytes,
      now,
      onOverflow: () => { this.close(CLOSE_CODES.slowConsumer) },
      onIdle: () => { this.#payOwed() },
    })
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
      case 'list': return this.send(ackFrame({ id: request.id, op: 'list', keys: [...this.#seats.keys()] }))
      case 'ping': return this.send(pongFrame(request.id, this.#surroundings.clock.now()))
    }
  }

  send (frame: Frame): void {
    this.outbox.push(frame)
    this.outbox.flush()
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
    const { registry, onEnd } = this.#surroundings
    for (const seat of this.#seats.values()) if (seat !== undefined) registry.leave(seat)
    this.#seats.clear()
    this.#owed.clear()
    this.outbox.end()
    onEnd(this)
  }

  #subscribe ({ id, args, history = 1, closedOnly = false, since }: Subscribe): void {
    const { store, limits } = this.#surroundings
    if (history > limits.maxHistory) return this.#error(id, 'BAD_FRAME', `Expected \`history\` to be an integer from 1 to ${limits.maxHistory}, got ${describe(history)}`)
    const { good, rejected } = this.#sort(args)
    const added = good.filter(({ key }) => !this.#seats.has(key)).length
    const total = this.#seats.size + added
    if (total > limits.maxKeysPerConnection) return this.#error(id, 'TOO_MANY_KEYS', `Expected at most ${limits.maxKeysPerConnection} keys, got ${total} with these; nothing changed`)
    const keys: AckedKey[] = []
    for (const key of good) {
      const position = store.position(key.symbol, key.period)
      keys.push({ key: key.key, ...position, ...(since !== undefined && Object.hasOwn(since, key.key) ? { recovered: false } : undefined) })
      this.#leave(key.key)
      this.#seats.set(key.key, undefined)
      this.#owed.set(key.key, { key, history, closedOnly })
    }
    this.#stir()
    this.outbox.push(ackFrame({ id, op: 'subscribe', keys, rejected }))
    if (this.outbox.stalled) this.outbox.flush()
    else this.#payOwed()
  }

  #unsubscribe ({ id, args }: Unsubscribe): void {
    const keys: string[] = []
    const rejected: BadKey[] = []
    for (const key of new Set(args)) {
      if (this.#seats.has(key)) {
        this.#leave(key)
        this.#seats.delete(key)
        this.#owed.delete(key)
        keys.push(key)
      } else {
        rejected.push({ key, code: 'NOT_SUBSCRIBED', message: 'The key was not subscribed' })
      }
    }
    this.#stir()
    this.send(ackFrame({ id, op: 'unsubscribe', keys, rejected }))
  }

  /**
   * Sends snapshots until the socket is full. A key's snapshot and its place among the live ones are taken in the
   * same turn, so they join; a key that waits its turn costs its name, and its snapshot will be the newer.
   */
  #payOwed (): void {
    const { store, registry } = this.#surroundings
    let bytes = 0
    for (const [key, { key: { symbol, period }, history, closedOnly }] of this.#owed) {
      if (this.outbox.stalled) break
      const frame = snapshotFrame(key, store.position(symbol, period), store.buckets({ symbol, period, limit: history }))
      this.#seats.set(key, registry.join(key, this.outbox, { closedOnly }))
      this.#owed.delete(key)
      this.outbox.push(frame)
      bytes += frame.bytes.length
      if (bytes < PIECE_BYTES) continue
      this.outbox.flush()
      bytes = 0
    }
    this.outbox.flush()
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

  #leave (key: string): void {
    const seat = this.#seats.get(key)
    if (seat !== undefined) this.#surroundings.registry.leave(seat)
  }

  /** A subscription action: the next heartbeat is a whole interval away. */
  #stir (): void {
    this.outbox.quietSince = this.#surroundings.clock.now()
  }

  #refuse ({ id, code, message }: { id: RequestId, code: FrameCode, message: string }): void {
    this.#error(id, code, message)
    if (++this.#badFrames >= this.#surroundings.limits.maxBadFrames) this.close(CLOSE_CODES.malformed)
  }

  #error (id: RequestId, code: FrameCode, message: string): void {
    this.send(errorFrame({ id, code, message }))
  }
}
