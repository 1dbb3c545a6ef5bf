import type { Clock } from '../clock.ts'
import { KlineError } from '../errors.ts'
import type { MinuteBar } from '../market/bar.ts'
import { COUNTED, type Outcome } from '../market/contract.ts'
import { addCounts, type Counts } from '../market/counts.ts'
import type { MarketEvent } from '../market/events.ts'
import type { Period } from '../market/period.ts'
import type { Entry } from '../store/entry.ts'
import type { Klines, Reads, Result, SymbolInfo } from '../store/store.ts'
import { parseKey } from '../wire/key.ts'
import { type Ownership, parseMinutes } from '../wire/minutes.ts'
import { type KlineQuery, parseQuery } from '../wire/query.ts'
import { parseWatermark, type WatermarkInput } from '../wire/watermark.ts'
import { Broadcaster } from './broadcaster.ts'
import { Connection, type Limits, type Origin } from './connection.ts'
import { Crowd, type CrowdLimits, type Visitor } from './crowd.ts'
import type { Health } from './health.ts'
import type { Guard } from './identity.ts'
import { importsOf } from './imports.ts'
import type { Door } from './intake.ts'
import type { Logger } from './logger.ts'
import type { Meter } from './meter.ts'
import { startPulse } from './pulse.ts'
import { type Ear, type Listener, Registry } from './registry.ts'
import type { Socket } from './socket.ts'
import { startTimekeeper } from './timekeeper.ts'

export type { Counts } from '../market/counts.ts'
export type { Health } from './health.ts'

export interface HubOptions {
  readonly store: Reads
  /** Where entries go in; `onEvents` is to hear of what becomes durable, in order. */
  readonly openDoor: (onEvents: (events: readonly MarketEvent[]) => void) => Door
  readonly clock: Clock
  readonly logger: Logger
  readonly meter: Meter
  readonly limits: Limits & CrowdLimits & { readonly maxBarsPerQuery: number, readonly maxBarsPerBody: number }
  readonly guard: Guard
  readonly heartbeatMs: number
  readonly pingEveryMs: number
  readonly pongTimeoutMs: number
  /** How long after the end of a minute the clock closes the bars that end with it; `off`: it never does. */
  readonly closeGraceMs: number | 'off'
  /** Over how many milliseconds those who are sent away come back. */
  readonly retryWindowMs: number
}

/** The door for producers and subscribers, in process or behind a route. */
export class Hub {
  readonly #options: HubOptions
  readonly #registry = new Registry()
  readonly #crowd: Crowd
  readonly #connections = new Set<Connection>()
  readonly #broadcaster: Broadcaster
  readonly #door: Door
  readonly #stopTimers: () => void
  #closing = false

  constructor (options: HubOptions) {
    this.#options = options
    const { store, openDoor, clock, logger, meter, closeGraceMs, limits } = options
    this.#crowd = new Crowd(limits)
    this.#broadcaster = new Broadcaster({
      registry: this.#registry,
      clock,
      epoch: store.epoch,
      meter,
      onListenerError: (err, key) => { logger.error({ err, key }, 'a listener threw') },
    })
    this.#door = openDoor((events) => { this.#broadcaster.send(events) })
    const stopPulse = startPulse({ ...options, connections: this.#connections })
    const stopTimekeeper = closeGraceMs === 'off' ? () => {} : startTimekeeper({ clock, graceMs: closeGraceMs, onMinute: (time) => { this.#mark(time) } })
    this.#stopTimers = () => {
      stopPulse()
      stopTimekeeper()
    }
  }

  /**
   * Takes finished minutes: one or an array of 1 to `maxBarsPerBody`, all or none. Resolves once they are durable and pushed.
   * They are copied unless they are `owned`, which says that nobody else will change them.
   *
   * @throws KLP_ERR_BAR, KLP_ERR_BATCH, KLP_ERR_TOO_OLD, KLP_ERR_TOO_MANY_SYMBOLS: nothing was taken; KLP_ERR_NOT_STORED, KLP_ERR_CLOSED: send them again
   */
  async ingest (bars: MinuteBar | readonly MinuteBar[], ownership?: Ownership): Promise<Counts> {
    const counts: Counts = { accepted: 0, duplicates: 0, revised: 0 }
    for (const outcome of await this.#take(() => this.#parse(bars, ownership))) counts[COUNTED[outcome as Outcome]]++
    addCounts(this.#options.meter.minutes.bars, counts)
    return counts
  }

  /**
   * Takes old minutes as `ingest` does, but pushes none of their bars: whoever listens to a key that they change is
   * told to read it again, once the import pauses.
   *
   * @throws as `ingest`
   */
  async import (bars: MinuteBar | readonly MinuteBar[], ownership?: Ownership): Promise<Counts> {
    const counts: Counts = { accepted: 0, duplicates: 0, revised: 0 }
    for (const part of await this.#take(() => importsOf(this.#parse(bars, ownership))) as Counts[]) addCounts(counts, part)
    addCounts(this.#options.meter.minutes.imports, counts)
    return counts
  }

  /**
   * Takes the word that every minute that opens before `time` has been sent, and closes each open bar that has
   * ended by then; resolves with how many.
   *
   * @throws KLP_ERR_WATERMARK, KLP_ERR_NOT_STORED, KLP_ERR_CLOSED: nothing was closed
   */
  async watermark (input: WatermarkInput): Promise<{ closed: number }> {
    const [result] = await this.#take(() => [parseWatermark(input, this.#options.clock.now())])
    return result as { closed: number }
  }

  /**
   * Calls back with every bar of a key `contract.period`, as a subscriber's `bar` frames have it, until the function
   * that comes back is called; `onReset` when an import has changed bars that have to be read again. What a listener
   * throws is logged and hurts nobody else.
   *
   * @throws KLP_ERR_KEY
   */
  subscribe (key: string, listener: Listener, { onReset = () => {} }: { onReset?: Ear['onReset'] } = {}): () => void {
    const { store } = this.#options
    const parsed = parseKey(key, store.periods)
    if ('code' in parsed) throw new KlineError('KLP_ERR_KEY', `\`${key}\`: ${parsed.message}`)
    return this.#registry.listen(key, { onBar: listener, onReset }, store.position(parsed.symbol, parsed.period).seq)
  }

  /**
   * Bars of a key, ascending; the last one may still be open.
   *
   * @throws KLP_ERR_QUERY
   */
  klines (query: KlineQuery): Klines {
    const { store, limits } = this.#options
    const { symbol, period, start, end, limit } = parseQuery(query, { periods: store.periods, maxLimit: limits.maxBarsPerQuery })
    const bars = store.buckets({ symbol, period, start, end, limit }).map((bucket) => bucket.toBar())
    return { key: `${symbol}.${period}`, ...store.position(symbol, period), bars }
  }

  /** Those that are offered, ascending. */
  get periods (): readonly Period[] {
    return this.#options.store.periods
  }

  symbols (): SymbolInfo[] {
    return this.#options.store.symbols()
  }

  health (): Health {
    const { store } = this.#options
    return {
      status: this.#closing ? 'closing' : 'ok',
      epoch: store.epoch,
      symbols: store.size,
      connections: this.#connections.size,
      keys: this.#registry.size,
    }
  }

  /** How many bytes wait for subscribers that are behind. */
  get waitingBytes (): number {
    let bytes = 0
    for (const { outbox } of this.#connections) bytes += outbox.waiting
    return bytes
  }

  /**
   * Whether one more connection may come, to be asked before anything is done for it.
   *
   * @throws KLP_ERR_TOO_MANY_CONNECTIONS, KLP_ERR_TOO_MANY_OF_ADDRESS, KLP_ERR_TOO_MANY_OF_IDENTITY
   */
  checkRoom (visitor: Visitor): void {
    const refusal = this.#crowd.refusal(visitor)
    if (refusal !== undefined) throw refusal
  }

  /** Registers a WebSocket, unless there is no room for it any more. The caller passes on its messages, its pings, its pongs and its end; `logger` is that of the connection alone. */
  connect (socket: Socket, { logger = this.#options.logger, ...origin }: Origin & { readonly logger?: Logger } = {}): Connection {
    const { store, clock, limits, guard, meter, retryWindowMs } = this.#options
    meter.opened++
    const refusal = this.#crowd.refusal({ address: origin.address, identity: origin.identity?.id })
    const connection = new Connection(socket, {
      store,
      registry: this.#registry,
      crowd: this.#crowd,
      clock,
      logger,
      limits,
      guard,
      meter,
      retryMs: () => retryMs(retryWindowMs),
      onEnd: (ended) => { this.#connections.delete(ended) },
    }, origin)
    this.#connections.add(connection)
    if (this.#closing) connection.sayGoodbye(retryMs(retryWindowMs))
    else if (refusal !== undefined) connection.turnAway(refusal.message)
    return connection
  }

  /** Takes no more bars, finishes those that it took, and says goodbye to the subscribers. */
  async drain (): Promise<void> {
    this.#closing = true
    await this.#door.close()
    this.#stopTimers()
    this.#broadcaster.finish()
    for (const connection of this.#connections) connection.sayGoodbye(retryMs(this.#options.retryWindowMs))
  }

  async close (): Promise<void> {
    await this.drain()
    await this.#options.store.close()
  }

  #parse (bars: MinuteBar | readonly MinuteBar[], ownership?: Ownership): MinuteBar[] {
    return parseMinutes(bars, { ...ownership, most: this.#options.limits.maxBarsPerBody })
  }

  /** Lets in what a producer brought, and notes how that went. */
  async #take (read: () => readonly Entry[]): Promise<readonly Result[]> {
    const { meter } = this.#options
    const began = performance.now()
    try {
      const results = await this.#door.append(read())
      meter.timings.ingest.observe((performance.now() - began) / 1000)
      return results
    } catch (err) {
      meter.refusedPosts.add((err as KlineError).code)
      throw err
    }
  }

  #mark (time: number): void {
    // One that fails was logged, and the next one makes up for it.
    this.#door.append([{ kind: 'clock', time }]).catch(() => {})
  }
}

const SOONEST_RETRY_MS = 500

/** Spreads those who come back. */
function retryMs (windowMs: number): number {
  return SOONEST_RETRY_MS + Math.floor(Math.random() * windowMs)
}
