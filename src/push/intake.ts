import type { Clock } from '../clock.ts'
import { type ErrorCode, KlineError } from '../errors.ts'
import type { Batch, Log } from '../log/log.ts'
import type { MinuteBar } from '../market/bar.ts'
import type { MarketEvent } from '../market/events.ts'
import { type Entry, minutesOf } from '../store/entry.ts'
import type { Result, Store } from '../store/store.ts'
import { Answers } from './answers.ts'
import type { Logger } from './logger.ts'
import type { Meter } from './meter.ts'

/** Where a hub's entries go in. */
export interface Door {
  /** Resolves once the entries are durable and pushed, with how each of them fared; rejects when none was taken. */
  append (entries: readonly Entry[]): Promise<readonly Result[]>
  /** Takes no more, and finishes what it took. */
  close (): Promise<void>
}

export interface IntakeOptions {
  readonly log: Log
  readonly store: Store
  readonly clock: Clock
  readonly logger: Logger
  /** How many contracts there may be. */
  readonly maxSymbols: number
  readonly meter: Meter
  /** Hears of what has become durable, in order. */
  readonly onEvents: (events: readonly MarketEvent[]) => void
  /** Hears of each commit before `onEvents` does; UTC milliseconds. */
  readonly onCommit?: (at: number) => void
}

/** The way of entries through the log into the store, and of what became of them back to whoever brought them. */
export class Intake implements Door {
  readonly #options: IntakeOptions
  readonly #answers = new Answers()
  readonly #drained: Promise<void>

  constructor (options: IntakeOptions) {
    this.#options = options
    this.#drained = this.#drain()
  }

  /** @throws KLP_ERR_TOO_OLD, KLP_ERR_TOO_MANY_SYMBOLS, KLP_ERR_NOT_STORED, KLP_ERR_CLOSED */
  async append (entries: readonly Entry[]): Promise<readonly Result[]> {
    const id = this.#options.log.append(entries)
    return await this.#answers.of(id)
  }

  async close (): Promise<void> {
    this.#options.log.close()
    await this.#drained
  }

  async #drain (): Promise<void> {
    for await (const batches of this.#options.log.tail()) await this.#take(this.#sift(batches))
  }

  /** One commit for all batches that came while the last one was under way. */
  async #take (batches: readonly Batch[]): Promise<void> {
    if (batches.length === 0) return
    const { store, clock, logger, meter, onEvents, onCommit } = this.#options
    const taken = batches.flatMap(({ entries }) => entries)
    const results: Result[] = []
    const told = meter.events
    const began = performance.now()
    let durableAt = 0
    const onDurable = (): void => {
      durableAt = clock.now()
      meter.timings.commit.observe((performance.now() - began) / 1000)
      onCommit?.(durableAt)
    }
    try {
      for await (const applied of store.apply(taken, onDurable)) {
        for (const result of applied.results) results.push(result)
        onEvents(applied.events)
      }
    } catch (err) {
      logger.error({ err }, 'bars could not be stored')
      const refusal = new KlineError('KLP_ERR_NOT_STORED', 'The bars could not be stored; none was accepted, send them again', { cause: err })
      for (const { id } of batches) this.#answers.reject(id, refusal)
      return
    }
    meter.accepted(taken, results, durableAt)
    if (meter.events > told) meter.written(clock.now() - durableAt)
    let next = 0
    for (const { id, entries } of batches) {
      this.#answers.resolve(id, results.slice(next, next + entries.length))
      next += entries.length
    }
  }

  /** Refuses what must not be taken with its whole batch, before anything is written. */
  #sift (batches: readonly Batch[]): Batch[] {
    let newcomers: ReadonlySet<string> = new Set()
    return batches.filter(({ id, entries }) => {
      const withOwn = new Set(newcomers)
      const refusal = this.#refusal(entries, withOwn)
      if (refusal === undefined) newcomers = withOwn
      else this.#answers.reject(id, refusal)
      return refusal === undefined
    })
  }

  /** `newcomers` are contracts of batches that are on their way, and then of this one too. */
  #refusal (entries: readonly Entry[], newcomers: Set<string>): KlineError | undefined {
    for (const [index, entry] of entries.entries()) {
      for (const minute of minutesOf(entry)) {
        const problem = this.#problem(minute, newcomers)
        if (problem !== undefined) return new KlineError(problem.code, `${placeOf(entry, index)}${problem.message}`)
      }
    }
    return undefined
  }

  /** A minute that is too old to be corrected, or of a contract that would be one too many. */
  #problem ({ symbol, time }: MinuteBar, newcomers: Set<string>): { code: ErrorCode, message: string } | undefined {
    const { store, maxSymbols } = this.#options
    if (store.has(symbol)) {
      return store.reaches(symbol, time) ? undefined : { code: 'KLP_ERR_TOO_OLD', message: `Expected \`time\` to be within the bars of \`${symbol}\` that are kept, got \`${time}\`` }
    }
    if (!newcomers.has(symbol) && store.size + newcomers.size >= maxSymbols) return { code: 'KLP_ERR_TOO_MANY_SYMBOLS', message: `Expected at most ${maxSymbols} symbols, got \`${symbol}\` beside them` }
    newcomers.add(symbol)
    return undefined
  }
}

/** Which bar of a request it was; those of an import are in another order. */
function placeOf (entry: Entry, index: number): string {
  return 'kind' in entry ? '' : `bar ${index}: `
}
