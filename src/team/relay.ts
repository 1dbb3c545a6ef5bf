import type { Clock } from '../clock.ts'
import { KlineError } from '../errors.ts'
import type { MarketEvent } from '../market/events.ts'
import { Answers } from '../push/answers.ts'
import type { Door } from '../push/intake.ts'
import type { Meter } from '../push/meter.ts'
import type { Entry } from '../store/entry.ts'
import type { FollowerStore } from '../store/follower.ts'
import type { Result } from '../store/store.ts'
import { Line, type Message } from './line.ts'

/** How long after the line to the owner broke a new one is tried. */
const RETRY_MS = 100

export interface RelayOptions {
  readonly store: Pick<FollowerStore, 'catchUp' | 'connectToOwner' | 'load' | 'readUpTo'>
  readonly clock: Clock
  readonly meter: Meter
  /** Hears of what has become durable, in order. */
  readonly onEvents: (events: readonly MarketEvent[]) => void
  /** The store can't follow any more; called once. */
  readonly onLost: (err: unknown) => void
}

/** A follower's way of entries to the owner, and of what became durable there to those who listen here. */
export class Relay implements Door {
  /** Resolves once the store has been loaded. */
  readonly ready: Promise<void>
  readonly #options: RelayOptions
  readonly #answers = new Answers()
  #line: Line | undefined
  #nextId = 0
  #closing = false
  #isLost = false
  #stopTimer = (): void => {}
  /** Ends when all is taken in that the owner has told of so far. */
  #caughtUp: Promise<void> = Promise.resolve()
  #onReady: (() => void) | undefined

  constructor (options: RelayOptions) {
    this.#options = options
    this.ready = new Promise((resolve) => { this.#onReady = resolve })
    this.#connect()
  }

  /**
   * Resolves once the owner has made the entries durable and they are pushed here too.
   *
   * @throws KLP_ERR_NOT_STORED, and what the owner refuses them with
   */
  async append (entries: readonly Entry[]): Promise<readonly Result[]> {
    if (this.#closing) throw new KlineError('KLP_ERR_CLOSED', 'The server is going down and takes no more bars')
    const line = this.#line
    if (line === undefined) throw notStored()
    const id = this.#nextId++
    const answer = this.#answers.of(id)
    line.send({ type: 'append', id, entries })
    return await answer
  }

  async close (): Promise<void> {
    this.#closing = true
    this.#stopTimer()
    await this.#answers.settled()
    this.#line?.end()
    await this.#caughtUp
  }

  async #connect (): Promise<void> {
    try {
      const socket = await this.#options.store.connectToOwner()
      const line = new Line(socket, { onMessage: (message) => { this.#hear(message) }, onEnd: () => { this.#lost() } })
      this.#line = line
      if (this.#closing) return line.end()
      if (this.#onReady !== undefined) this.#load(this.#onReady) // not sooner: now that it has a follower the owner keeps its journal
      this.#tellRead()
    } catch {
      this.#lost() // it is not there, or not yet
    }
  }

  #load (onReady: () => void): void {
    this.#options.store.load()
    this.#onReady = undefined
    onReady()
  }

  #tellRead (): void {
    this.#line?.send({ type: 'read', position: this.#options.store.readUpTo })
  }

  #lost (): void {
    this.#line = undefined
    for (const id of this.#answers.ids) this.#answers.reject(id, notStored())
    if (!this.#closing) this.#stopTimer = this.#options.clock.after(RETRY_MS, () => { this.#connect() })
  }

  #hear (message: Message): void {
    switch (message.type) {
      case 'committed':
        this.#caughtUp = this.#caughtUp.then(async () => { await this.#catchUp(message.at) })
        break
      case 'done':
        this.#caughtUp.then(() => this.#answers.resolve(message.id, message.results))
        break
      case 'refused':
        this.#answers.reject(message.id, new KlineError(message.code, message.message))
    }
  }

  /** Takes in all that there is; the owner told of it at `at`. */
  async #catchUp (at?: number): Promise<void> {
    const { store, clock, meter, onEvents, onLost } = this.#options
    if (this.#isLost) return
    const told = meter.events
    try {
      for await (const { events } of store.catchUp()) onEvents(events)
      if (at !== undefined && meter.events > told) meter.written(clock.now() - at)
      this.#tellRead()
    } catch (err) {
      this.#isLost = true
      onLost(err)
    }
  }
}

function notStored (): KlineError {
  return new KlineError('KLP_ERR_NOT_STORED', 'The process that keeps the bars does not answer; send them again')
}
