import type { MinuteBar } from '../market/bar.ts'
import type { Contract } from '../market/contract.ts'
import { Events } from '../market/events.ts'
import { fillContract } from '../market/fill.ts'
import type { Book } from './book.ts'
import type { ClockMark, Entry, Import, Watermark } from './entry.ts'
import type { Applied, Result } from './store.ts'

/** How long one slice may hold the event loop, and how often it looks at the clock. */
const SLICE_MS = 10
const LOOK_EVERY = 64

/**
 * Takes the entries of the log into the book. Entries that were applied before, as in the journal of a store that
 * starts again, are passed over by each contract that has them already.
 */
export class Clerk {
  /** How many entries of the log are in the book. */
  position = 0
  readonly #book: Book
  #results: Result[] = []
  #events = new Events()

  constructor (book: Book) {
    this.#book = book
  }

  /** Rolls entries up in slices. Where a slice ends depends on the clock; what the bars become does not. */
  async * apply (entries: readonly Entry[]): AsyncGenerator<Applied> {
    let until = performance.now() + SLICE_MS
    let taken = 0
    for (const long of this.#steps(entries)) {
      if ((++taken % LOOK_EVERY !== 0 && !long) || performance.now() < until) continue
      yield this.#cut()
      await turn()
      until = performance.now() + SLICE_MS
    }
    yield this.#cut()
  }

  /** Rolls entries up that nobody has to hear of. */
  replay (entries: readonly Entry[]): void {
    const steps = this.#steps(entries)
    while (steps.next().done !== true);
    this.#cut()
  }

  /** Stops wherever the work may be cut, and says whether the step was a long one. */
  * #steps (entries: readonly Entry[]): Generator<boolean> {
    for (const entry of entries) {
      this.position++
      if (!('kind' in entry)) this.#applyMinute(entry)
      else if (entry.kind === 'import') this.#applyImport(entry)
      else yield * this.#applyMark(entry)
      yield 'kind' in entry
    }
  }

  #applyMinute (minute: MinuteBar): void {
    const contract = this.#book.contract(minute.symbol)
    if (contract.position >= this.position) return
    contract.position = contract.barsPosition = this.position
    this.#results.push(contract.apply(minute, this.#events))
  }

  #applyImport ({ symbol, minutes }: Import): void {
    const contract = this.#book.contract(symbol)
    if (contract.position >= this.position) return
    contract.position = contract.barsPosition = this.position
    this.#results.push(fillContract(contract, minutes, this.#events))
  }

  * #applyMark (mark: Watermark | ClockMark): Generator<boolean> {
    const { position } = this
    const { marks } = this.#book
    if (marks.position >= position) return
    let closed = 0
    const forOne = mark.kind === 'watermark' && mark.symbols !== undefined
    for (const contract of forOne ? this.#known(mark.symbols) : [...this.#book.contracts.values()]) {
      if (contract.position >= position) continue
      closed += this.#mark(contract, mark)
      yield false
    }
    if (!forOne) this.#tellAll(mark)
    this.#results.push({ closed })
  }

  /** A word that was given before is not told again; the clock's only where no producer has gone ahead of it. */
  #tellAll ({ kind, time }: Watermark | ClockMark): void {
    const { marks } = this.#book
    const told = kind === 'clock' ? Math.max(marks.clock, marks.watermark) : marks.watermark
    marks.position = this.position
    if (kind === 'clock') marks.clock = Math.max(marks.clock, time)
    else marks.watermark = Math.max(marks.watermark, time)
    if (time > told) this.#events.complete(time, undefined)
  }

  #mark (contract: Contract, mark: Watermark | ClockMark): number {
    const { frontier, watermark } = contract
    // The first word of the clock closes nothing: it says only where the next one begins.
    const from = this.#book.marks.clock === -Infinity ? mark.time : this.#book.marks.clock
    const closed = mark.kind === 'clock' ? contract.expire(from, mark.time, this.#events) : contract.advance(mark.time, this.#events)
    if (mark.kind === 'watermark' && mark.symbols !== undefined && mark.time > Math.max(watermark, this.#book.marks.watermark)) {
      contract.watermark = mark.time
      this.#events.complete(mark.time, contract.symbol)
    }
    if (closed > 0) contract.barsPosition = this.position
    if (closed > 0 || contract.frontier !== frontier || contract.watermark !== watermark) contract.position = this.position
    return closed
  }

  #known (symbols: readonly string[]): Contract[] {
    return [...new Set(symbols)].flatMap((symbol) => this.#book.contracts.get(symbol) ?? [])
  }

  #cut (): Applied {
    const applied = { results: this.#results, events: this.#events.list }
    this.#results = []
    this.#events = new Events()
    return applied
  }
}

/** Lets others have their turn of the event loop. */
export function turn (): Promise<void> {
  return new Promise((resolve) => { setImmediate(resolve) })
}
