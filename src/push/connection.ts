import type { Clock } from '../clock.ts'
import { CLOSE_CODES, type CloseReason, type FrameCode } from '../errors.ts'
import type { Reads } from '../store/store.ts'
import { heartbeatFrame, noticeFrame } from '../wire/answers.ts'
import { parseRequest, type RequestId } from '../wire/requests.ts'
import { Allowance } from './allowance.ts'
import type { Crowd } from './crowd.ts'
import { Desk } from './desk.ts'
import type { Guard, Identity } from './identity.ts'
import { Inbox, type Message } from './inbox.ts'
import type { Logger } from './logger.ts'
import type { Meter } from './meter.ts'
import { Outbox, type Reader } from './outbox.ts'
import type { Registry } from './registry.ts'
import { Session } from './session.ts'
import type { Socket } from './socket.ts'
import { Subscriptions } from './subscriptions.ts'

export interface Limits {
  readonly maxKeysPerConnection: number
  readonly maxHistory: number
  readonly maxBufferedBytes: number
  readonly maxFrameBytes: number
  readonly maxBadFrames: number
  readonly maxFramesPerSecond: number
  readonly authDeadlineMs: number
}

export interface Surroundings {
  readonly store: Reads
  readonly registry: Registry
  readonly crowd: Crowd
  readonly clock: Clock
  readonly logger: Logger
  readonly limits: Limits
  readonly guard: Guard
  readonly meter: Meter
  /** How long a client that there is no room for is to stay away, milliseconds. */
  readonly retryMs: () => number
  /** The connection is over, for whatever reason; called once. */
  readonly onEnd: (connection: Connection) => void
}

/** Where a client comes from, and who it is if that is known. */
export interface Origin { readonly address?: string | undefined, readonly identity?: Identity | undefined }

/** RFC 6455, section 7.1.5: there was no close. */
const VANISHED = 1006

/** One client: the frames it sends, the keys it holds, and what it is owed. */
export class Connection implements Reader {
  readonly outbox: Outbox
  lastPing: number
  lastPong: number
  readonly #socket: Socket
  readonly #address: string | undefined
  readonly #surroundings: Surroundings
  readonly #subscriptions: Subscriptions
  readonly #session: Session
  readonly #desk: Desk
  readonly #inbox: Inbox
  readonly #allowance: Allowance
  #badFrames = 0
  #ended = false

  constructor (socket: Socket, surroundings: Surroundings, { address, identity }: Origin = {}) {
    const { clock, limits, guard, meter, logger, crowd } = surroundings
    const now = clock.now()
    this.#socket = socket
    this.#address = address
    this.#surroundings = surroundings
    this.lastPing = now
    this.lastPong = now
    this.outbox = new Outbox(socket, this, { maxBufferedBytes: limits.maxBufferedBytes, meter, now })
    this.#subscriptions = new Subscriptions(this.outbox, surroundings)
    this.#session = new Session({ guard, logger, identity, maxVerdicts: limits.maxKeysPerConnection, authBy: now + limits.authDeadlineMs })
    this.#desk = new Desk({
      surroundings,
      outbox: this.outbox,
      session: this.#session,
      subscriptions: this.#subscriptions,
      close: (reason) => { this.close(reason) },
      onIdentity: (known) => this.#identify(known),
    })
    this.#inbox = new Inbox((message) => this.#handle(message), { maxBytes: limits.maxBufferedBytes })
    this.#allowance = new Allowance(limits.maxFramesPerSecond, now)
    crowd.enter({ address, identity: identity?.id })
  }

  /** When the client has to have said who it is, or to have said so again, UTC milliseconds. */
  get deadline (): number {
    return this.#session.deadline
  }

  receive (bytes: Buffer, { binary }: { binary: boolean }): void {
    if (this.#ended || !this.#isAllowed()) return
    if (!this.#inbox.take({ bytes, binary })) this.close(CLOSE_CODES.tooManyFrames)
  }

  onOverflow (): void {
    this.close(CLOSE_CODES.slowConsumer)
  }

  onIdle (): void {
    this.#subscriptions.pay()
  }

  /** Tells a quiet client that it is still connected, and what it should have by now. */
  beat (now: number): void {
    this.outbox.quietSince = now
    this.outbox.send([heartbeatFrame(now, this.#subscriptions.proof())])
  }

  ping (now: number): void {
    this.lastPing = now
    this.#socket.ping()
  }

  /** The client has pinged, and the answer waits to be read like everything else. */
  pinged (): void {
    if (this.#ended || !this.#isAllowed()) return
    if (this.#socket.buffered > this.#surroundings.limits.maxBufferedBytes) this.onOverflow()
  }

  ponged (): void {
    this.lastPong = this.#surroundings.clock.now()
    if (!this.#ended) this.#isAllowed()
  }

  /** Time in which nobody was asked and nobody could answer does not count, and nothing is put off until a clock that went back has come as far again. */
  forgive (now: number, lostMs: number): void {
    this.lastPong = Math.min(now, this.lastPong + lostMs)
    this.lastPing = Math.min(now, this.lastPing)
    this.outbox.quietSince = Math.min(now, this.outbox.quietSince)
    if (!this.#session.admitted) this.#session.deadline = Math.min(now + this.#surroundings.limits.authDeadlineMs, this.deadline + lostMs)
  }

  /** The deadline has passed. */
  expire (): void {
    this.close(this.#session.admitted ? CLOSE_CODES.tokenExpired : CLOSE_CODES.unauthenticated)
  }

  /** Says why, and closes. */
  sayGoodbye (retryMs: number): void {
    this.outbox.send([noticeFrame({ code: 'GOING_AWAY', retryMs, message: 'The server is going down' })])
    this.close(CLOSE_CODES.goingAway)
  }

  /** There is no room for it. */
  turnAway (message: string): void {
    this.outbox.send([noticeFrame({ code: 'OVER_CAPACITY', retryMs: this.#surroundings.retryMs(), message })])
    this.close(CLOSE_CODES.overCapacity)
  }

  close ({ code, reason }: CloseReason): void {
    this.end(code)
    this.#socket.close(code, reason)
  }

  terminate (): void {
    this.end()
    this.#socket.terminate()
  }

  /** Takes every trace of it out of the registry. `code` is that of the close; none if there was no close. */
  end (code = VANISHED): void {
    if (this.#ended) return
    this.#ended = true
    this.#inbox.clear()
    this.#surroundings.meter.closed.add(code)
    this.#subscriptions.clear()
    this.outbox.end()
    this.#surroundings.crowd.leave({ address: this.#address, identity: this.#session.identity?.id })
    this.#surroundings.onEnd(this)
  }

  #isAllowed (): boolean {
    switch (this.#allowance.take(this.#surroundings.clock.now())) {
      case 'granted': return true
      case 'refused': this.#desk.refuse(undefined, 'TOO_MANY_FRAMES', `Expected at most ${this.#surroundings.limits.maxFramesPerSecond} frames a second; this one was not read`); break
      case 'cut off': this.close(CLOSE_CODES.tooManyFrames); break
    }
    return false
  }

  #handle ({ bytes, binary }: Message): Promise<void> | undefined {
    try {
      return this.#read(bytes, binary)?.catch((err: unknown) => { this.#fail(err) })
    } catch (err) {
      this.#fail(err)
      return undefined
    }
  }

  /** A fault of ours costs the one whose frame found it, and nobody else. */
  #fail (err: unknown): void {
    this.#surroundings.logger.error({ err }, 'a frame could not be handled')
    this.close(CLOSE_CODES.fault)
  }

  #read (bytes: Buffer, binary: boolean): Promise<void> | undefined {
    const { maxFrameBytes } = this.#surroundings.limits
    if (bytes.length > maxFrameBytes) return this.#refuse({ id: undefined, code: 'FRAME_TOO_LONG', message: `Expected at most ${maxFrameBytes} bytes, got ${bytes.length}` })
    if (binary) return this.#refuse({ id: undefined, code: 'BAD_FRAME', message: 'Expected a text frame, got a binary one' })
    const request = parseRequest(bytes.toString())
    if ('code' in request) return this.#refuse(request)
    this.#badFrames = 0
    return this.#desk.answer(request)
  }

  #refuse ({ id, code, message }: { id: RequestId, code: FrameCode, message: string }): undefined {
    this.#desk.refuse(id, code, message)
    if (++this.#badFrames >= this.#surroundings.limits.maxBadFrames) this.close(CLOSE_CODES.malformed)
    return undefined
  }

  /** From now on it counts as one of its identity. */
  #identify (identity: Identity): string | undefined {
    if (this.#ended) return undefined
    const { crowd } = this.#surroundings
    if (this.#session.identity === undefined) {
      const full = crowd.identify(identity.id)?.message
      if (full !== undefined) {
        this.turnAway(full)
        return full
      }
    }
    this.#session.identify(identity)
    return undefined
  }
}
