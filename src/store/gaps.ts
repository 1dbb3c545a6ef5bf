import type { Contract } from '../market/contract.ts'
import { type Knows, knowsFrom } from '../market/mend.ts'
import { PERIODS } from '../market/period.ts'
import { LAST_NUMBER, rowKey } from './clustered.ts'
import { numberOf } from './table.ts'
import type { Range } from './tree.ts'

/** Between which keys of `bars` some are missing, or may be. */
export class Gaps {
  readonly #gaps: readonly Range[]

  constructor (gaps: readonly Range[]) {
    this.#gaps = gaps
  }

  /** Which bars of a contract are all there; undefined: it has no gap. */
  of ({ symbol }: Contract): Knows | undefined {
    const own = this.#gaps.filter(overlaps(rowKey(symbol, PERIODS[0], 0), rowKey(symbol, PERIODS[PERIODS.length - 1], LAST_NUMBER)))
    if (own.length === 0) return undefined
    return knowsFrom(({ period }, { start, end }) => !own.some(overlaps(rowKey(symbol, period, numberOf(start)), rowKey(symbol, period, numberOf(end)))))
  }
}

/** Whether a range has something between two keys, the latter not included. */
function overlaps (from: Buffer, to: Buffer): (range: Range) => boolean {
  return (range) => Buffer.compare(range.from, to) < 0 && (range.to === undefined || Buffer.compare(range.to, from) > 0)
}
