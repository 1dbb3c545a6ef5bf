import type { Bar } from '../market/bar.ts'

/**
 * What a bar did to the bars that are held: it came after the last, is a newer state of the last, corrected one
 * before it, took a place between two, or is older than all of them and was not taken in; `reset`: it was taken in,
 * and the oldest ones went.
 */
export type Placing = 'append' | 'update' | 'correct' | 'insert' | 'older' | 'reset'

/** The bars of a key, ascending: the server's last ones, without a hole. */
export class Bars {
  readonly list: Bar[] = []
  /** How many are held at most; when there are more, the oldest quarter goes. */
  limit = 1
  /** Whether the server has none that is older than the first. */
  #complete = false

  put (bar: Bar): Placing {
    const { list } = this
    const at = list.findLastIndex(({ time }) => time <= bar.time)
    const isLast = at === list.length - 1
    if (list[at]?.time === bar.time) {
      list[at] = bar
      return isLast ? 'update' : 'correct'
    }
    if (at < 0 && !this.#complete) return 'older'
    list.splice(at + 1, 0, bar)
    if (this.#trim(Math.ceil(this.limit * 3 / 4))) return 'reset'
    return isLast ? 'append' : 'insert'
  }

  /**
   * Holds these from now on, which are all there are if `complete`; returns those among them that are news: none from
   * before the time that was held.
   */
  replace (bars: readonly Bar[], { complete }: { complete: boolean }): Bar[] {
    const { list } = this
    const from = this.#complete ? -Infinity : list[0]?.time ?? -Infinity
    const before = new Map(list.map((bar) => [bar.time, JSON.stringify(bar)]))
    list.length = 0
    for (const bar of bars) list.push(bar)
    this.#complete = complete
    this.#trim(this.limit)
    return bars.filter((bar) => bar.time >= from && before.get(bar.time) !== JSON.stringify(bar))
  }

  #trim (left: number): boolean {
    const { list } = this
    if (list.length <= this.limit) return false
    list.splice(0, list.length - left)
    this.#complete = false
    return true
  }
}
