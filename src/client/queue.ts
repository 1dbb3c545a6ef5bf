import type { Bar } from '../market/bar.ts'
import { KlineClientError } from './error.ts'

type Result = IteratorResult<Bar, undefined>

/**
 * Bars on their way to a consumer that takes them in its own time, conflated as the server does it for a slow reader:
 * of an unfinished bar only the newest state is kept, and a closed bar is never left out. More closed ones than the
 * limit end it, with an error after those that it holds.
 */
export class Queue implements AsyncIterableIterator<Bar, undefined> {
  /** A closed bar stands for itself, the unfinished one has one place. */
  readonly #bars = new Map<Bar | 'unfinished', Bar>()
  readonly #waiting: ((result: Result | Promise<Result>) => void)[] = []
  readonly #limit: number
  readonly #onEnd: () => void
  #ended = false
  #error: Error | undefined

  /** `onEnd` is called when nothing more is wanted. */
  constructor (limit: number, onEnd: () => void) {
    this.#limit = limit
    this.#onEnd = onEnd
  }

  [Symbol.asyncIterator] (): this {
    return this
  }

  push (bar: Bar): void {
    if (this.#ended) return
    const take = this.#waiting.shift()
    if (take !== undefined) return take({ done: false, value: bar })
    const bars = this.#bars
    if (!bar.closed || bars.get('unfinished')?.time === bar.time) bars.delete('unfinished')
    bars.set(bar.closed ? bar : 'unfinished', bar)
    if (bars.size > this.#limit) this.end(new KlineClientError('SLOW_CONSUMER', `More than ${this.#limit} bars wait to be taken`))
  }

  /** Nothing more comes; what is there can still be taken, then the error is thrown, if there is one. */
  end (err?: Error): void {
    if (this.#ended) return
    this.#ended = true
    this.#error = err
    for (const take of this.#waiting.splice(0)) take(this.next())
    this.#onEnd()
  }

  async next (): Promise<Result> {
    const [first] = this.#bars
    if (first !== undefined) {
      this.#bars.delete(first[0])
      return { done: false, value: first[1] }
    }
    if (!this.#ended) return await new Promise((resolve) => { this.#waiting.push(resolve) })
    const err = this.#error
    this.#error = undefined
    if (err !== undefined) throw err
    return { done: true, value: undefined }
  }

  async return (): Promise<Result> {
    this.end()
    this.#bars.clear()
    return { done: true, value: undefined }
  }
}
