import { CLOSE_CODES, type CloseReason, type FrameCode } from '../errors.ts'
import type { Position } from '../store/store.ts'
import { ackFrame, errorFrame, pongFrame } from '../wire/answers.ts'
import { describe } from '../wire/describe.ts'
import type { Frame } from '../wire/frame.ts'
import type { AckedKey, BadKey } from '../wire/frames.ts'
import { type Key, parseKey } from '../wire/key.ts'
import type { Authenticate, Request, RequestId, Subscribe, Unsubscribe } from '../wire/requests.ts'
import type { Surroundings } from './connection.ts'
import { checkIdentity, hasExpired, type Identity } from './identity.ts'
import type { Outbox } from './outbox.ts'
import type { Session } from './session.ts'
import type { Subscriptions } from './subscriptions.ts'

export interface DeskOptions {
  readonly surroundings: Surroundings
  readonly outbox: Outbox
  readonly session: Session
  readonly subscriptions: Subscriptions
  readonly close: (reason: CloseReason) => void
  /** Takes note of whose connection it is; why there is no room for one more of them, if so. */
  readonly onIdentity: (identity: Identity) => string | undefined
}

/** Answers the requests of one client. */
export class Desk {
  readonly #options: DeskOptions

  constructor (options: DeskOptions) {
    this.#options = options
  }

  /** A promise says that the answer takes its time, and the next request has to wait for it. */
  answer (request: Request): Promise<void> | undefined {
    const { session, subscriptions, surroundings, close } = this.#options
    if (request.op === 'auth') return this.#authenticate(request)
    if (!session.admitted) {
      this.refuse(request.id, 'UNAUTHENTICATED', 'Expected `auth` with a token before anything else')
      close(CLOSE_CODES.unauthenticated)
      return undefined
    }
    switch (request.op) {
      case 'subscribe': return this.#subscribe(request)
      case 'unsubscribe': this.#unsubscribe(request); break
      case 'list': this.#send(ackFrame({ id: request.id, op: 'list', keys: subscriptions.keys() })); break
      case 'ping': this.#send(pongFrame(request.id, surroundings.clock.now())); break
    }
    return undefined
  }

  refuse (id: RequestId, code: FrameCode, message: string): void {
    const { meter, logger } = this.#options.surroundings
    meter.refusedFrames.add(code)
    logger.debug({ code }, 'a frame was refused') // not what it was: a token may be in it
    this.#send(errorFrame({ id, code, message }))
  }

  async #authenticate ({ id, token }: Authenticate): Promise<void> {
    const { session, surroundings: { guard, logger, clock }, close, onIdentity } = this.#options
    if (guard.verifyToken === undefined) return this.#send(ackFrame({ id, op: 'auth', expiresAt: session.identity?.expiresAt }))
    let problem: string | undefined
    try {
      const identity = checkIdentity(await guard.verifyToken(token))
      if (session.identity !== undefined && session.identity.id !== identity.id) problem = 'The token belongs to another one than this connection'
      else if (hasExpired(identity, clock.now())) problem = 'The token has expired'
      else {
        const full = onIdentity(identity)
        if (full === undefined) this.#send(ackFrame({ id, op: 'auth', expiresAt: identity.expiresAt }))
        return
      }
    } catch (err) {
      logger.info({ err }, 'a token was not accepted')
      problem = 'The token was not accepted'
    }
    this.refuse(id, 'UNAUTHENTICATED', problem)
    if (!session.admitted) close(CLOSE_CODES.unauthenticated)
  }

  #subscribe (request: Subscribe): Promise<void> | undefined {
    const { surroundings: { limits }, subscriptions, session } = this.#options
    const { id, args, history = 1 } = request
    if (history > limits.maxHistory) {
      this.refuse(id, 'BAD_FRAME', `Expected \`history\` to be an integer from 1 to ${limits.maxHistory}, got ${describe(history)}`)
      return undefined
    }
    const { good, rejected } = this.#sort(args)
    const total = subscriptions.size + good.filter(({ key }) => !subscriptions.has(key)).length
    if (this.#tooMany(id, Math.max(args.length, total))) return undefined
    const refused = session.refused(good.map(({ key }) => key))
    if (!(refused instanceof Promise)) {
      this.#admit(request, { good, rejected, refused })
      return undefined
    }
    return refused.then((late) => { this.#admit(request, { good, rejected, refused: late }) })
  }

  #admit ({ id, history = 1, closedOnly = false, watermarks = false, batch, since }: Subscribe, { good, rejected, refused }: { good: readonly Key[], rejected: BadKey[], refused: ReadonlySet<string> }): void {
    const { subscriptions, outbox } = this.#options
    const keys: AckedKey[] = []
    for (const key of good) {
      if (refused.has(key.key)) {
        rejected.push({ key: key.key, code: 'FORBIDDEN', message: 'This key is not for you' })
        continue
      }
      const acked = this.#resume(key, since !== undefined && Object.hasOwn(since, key.key) ? since[key.key] : undefined)
      keys.push(acked)
      subscriptions.add({ key, history, closedOnly, watermarks, after: acked.replayed === undefined ? undefined : acked.seq - acked.replayed })
    }
    if (batch !== undefined) outbox.batches = batch
    this.#stir()
    subscriptions.pay([ackFrame({ id, op: 'subscribe', keys, rejected })])
  }

  /** Where a key stands, and whether what came after `since` can be told. */
  #resume ({ key, symbol, period }: Key, since: Position | undefined): AckedKey {
    const { store } = this.#options.surroundings
    const position = store.position(symbol, period)
    if (since === undefined) return { key, ...position }
    const recovered = since.epoch === position.epoch && store.events({ symbol, period, seq: since.seq, limit: 1 }) !== undefined
    return { key, ...position, recovered, ...(recovered ? { replayed: position.seq - since.seq } : undefined) }
  }

  #unsubscribe ({ id, args }: Unsubscribe): void {
    if (this.#tooMany(id, args.length)) return
    const keys: string[] = []
    const rejected: BadKey[] = []
    for (const key of new Set(args)) {
      if (this.#options.subscriptions.remove(key)) keys.push(key)
      else rejected.push({ key, code: 'NOT_SUBSCRIBED', message: 'The key was not subscribed' })
    }
    this.#stir()
    this.#send(ackFrame({ id, op: 'unsubscribe', keys, rejected }))
  }

  #sort (args: readonly string[]): { good: Key[], rejected: BadKey[] } {
    const good: Key[] = []
    const rejected: BadKey[] = []
    for (const arg of new Set(args)) {
      const key = parseKey(arg, this.#options.surroundings.store.periods)
      if ('code' in key) rejected.push(key)
      else good.push(key)
    }
    return { good, rejected }
  }

  #tooMany (id: RequestId, count: number): boolean {
    const { maxKeysPerConnection } = this.#options.surroundings.limits
    if (count <= maxKeysPerConnection) return false
    this.refuse(id, 'TOO_MANY_KEYS', `Expected at most ${maxKeysPerConnection} keys, got ${count} with these; nothing changed`)
    return true
  }

  /** A subscription action: the next heartbeat is a whole interval away. */
  #stir (): void {
    this.#options.outbox.quietSince = this.#options.surroundings.clock.now()
  }

  #send (frame: Frame): void {
    this.#options.outbox.send([frame])
  }
}
