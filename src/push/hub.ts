import type { Clock } from '../clock.ts'
import { KlineError } from '../errors.ts'
import type { Batch, Log } from '../log/log.ts'
import type { MinuteBar } from '../market/bar.ts'
import type { Outcome } from '../market/contract.ts'
import type { BarEvent } from '../market/events.ts'
import type { Klines, Store, SymbolInfo } from '../store/store.ts'
import { parseKey } from '../wire/key.ts'
import { parseMinutes } from '../wire/minutes.ts'
import { type KlineQuery, parseQuery } from '../wire/query.ts'
import { broadcast } from './broadcast.ts'
import { Connection, type Limits } from './connection.ts'
import { startPulse } from './pulse.ts'
import { type Listener, Registry } from './registry.ts'
import type { Socket } from './socket.ts'

/** How the bars of one `ingest` fared: new, the same again, or a correction. */
export interface Counts { accepted: number, duplicates: number, revised: number }

export interface Health {
  readonly status: 'ok' | 'closing'
  readonly epoch: string
  readonly symbols: number
  readonly connections: number
  readonly keys: number
}

/** Objects first, then a plain sentence; what pino and Fastify have. */
export interface Logger {
  error (evidence: object, message: string): void
}

export interface HubOptions {
  readonly store: Store
  readonly log: Log
  readonly clock: Clock
  readonly logger: Logger
  readonly limits: Limits & { readonly maxBarsPerQuery: number }
  readonly heartbeatMs: number
  readonly pingEveryMs: number
  readonly pongTimeoutMs: number
}

interface Waiting { readonly resolve: (counts: Counts) => void, readonly reject: (err: unknown) => void }

const COUNTED: Record<Outcome, keyof Counts> = { accepted: 'accepted', duplicate: 'duplicates', revised: 'revised' }

/** The door for producers and subscribers, in process or behind a route. */
export class Hub {
  readonly #options: HubOptions
  readonly #registry = new Registry()
  readonly #connections = new Set<Connection>()
  readonly #waiting = new Map<number, Waiting>()
  readonly #stopPulse: () => void
  readonly #drained: Promise<void>
  #closing = false

  constructor (options: HubOptions) {
    this.#options = options
    this.#stopPulse = startPulse({ ...options, connections: this.#connections })
    this.#drained = this.#drain()
  }

  /**
   * Takes finished minutes: one or an array of 1 to 10,000, all or none. Resolves once they are durable and pushed.
   *
   * @throws KLP_ERR_BAR, KLP_ERR_BATCH, KLP_ERR_TOO_OLD: nothing was taken; KLP_ERR_NOT_STORED, KLP_ERR_CLOSED: send them again
   */
  async ingest (bars: MinuteBar | readonly MinuteBar[]): Promise<Counts> {
    const minutes = parseMinutes(bars)
    const id = this.#options.log.append(minutes)
    return await new Promise((resolve, reject) => { this.#waiting.set(id, { resolve, reject }) })
  }

  /**
   * Calls back with every bar of a key `contract.period`, as a subscriber's `bar` frames have it, until the function
   * that comes back is called. What a listener throws is logged and hurts nobody else.
   *
   * @throws KLP_ERR_KEY
   */
  subscribe (key: string, listener: Listener): () => void {
    const parsed = parseKey(key, this.#options.store.periods)
    if ('code' in parsed) throw new KlineError('KLP_ERR_KEY', `\`${key}\`: ${parsed.message}`)
    return this.#registry.listen(key, listener)
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

  /** Registers a WebSocket. The caller passes on its messages, its pongs and its end. */
  connect (socket: Socket): Connection {
    const { store, clock, limits } = this.#options
    const connection = new Connection(socket, {
      store,
      registry: this.#registry,
      clock,
      limits,
      onEnd: (ended) => { this.#connections.delete(ended) },
    })
    this.#connections.add(connection)
    if (this.#closing) connection.sayGoodbye(retryMs())
    return connection
  }

  /** Takes no more bars, finishes those that it took, and says goodbye to the subscribers. */
  async drain (): Promise<void> {
    this.#closing = true
    this.#options.log.close()
    await this.#drained
    this.#stopPulse()
    for (const connection of this.#connections) connection.sayGoodbye(retryMs())
  }

  async close (): Promise<void> {
    await this.drain()
    await this.#options.store.close()
  }

  async #drain (): Promise<void> {
    for await (const batches of this.#options.log.tail()) await this.#take(batches.filter((batch) => this.#reaches(batch)))
  }

  /** One commit for all batches that came while the last one was under way. */
  async #take (batches: readonly Batch[]): Promise<void> {
    if (batches.length === 0) return
    const outcomes: Outcome[] = []
    try {
      for await (const applied of this.#options.store.apply(batches.flatMap(({ entries }) => entries))) {
        for (const outcome of applied.outcomes) outcomes.push(outcome)
        this.#broadcast(applied.events)
      }
    } catch (err) {
      this.#options.logger.error({ err }, 'bars could not be stored')
      const refusal = new KlineError('KLP_ERR_NOT_STORED', 'The bars could not be stored; none was accepted, send them again', { cause: err })
      for (const { id } of batches) this.#settle(id)?.reject(refusal)
      return
    }
    let next = 0
    for (const { id, entries } of batches) {
      const counts: Counts = { accepted: 0, duplicates: 0, revised: 0 }
      for (let i = 0; i < entries.length; i++) counts[COUNTED[outcomes[next++]]]++
      this.#settle(id)?.resolve(counts)
    }
  }

  /** A minute that is too old to be corrected is refused with its whole batch, before anything is written. */
  #reaches ({ id, entries }: Batch): boolean {
    const index = entries.findIndex(({ symbol, time }) => !this.#options.store.reaches(symbol, time))
    if (index === -1) return true
    const { symbol, time } = entries[index]
    this.#settle(id)?.reject(new KlineError('KLP_ERR_TOO_OLD', `bar ${index}: Expected \`time\` to be within the bars of \`${symbol}\` that memory still holds, got \`${time}\``))
    return false
  }

  #settle (id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    return waiting
  }

  #broadcast (events: readonly (BarEvent | undefined)[]): void {
    broadcast(events, {
      registry: this.#registry,
      now: this.#options.clock.now(),
      onListenerError: (err, key) => { this.#options.logger.error({ err, key }, 'a listener threw') },
    })
  }
}

/** Spreads those who come back over two seconds. */
function retryMs (): number {
  return 500 + Math.floor(Math.random() * 2000)
}
