import type { Calendar } from './calendar.ts'
import { type Period, PERIODS } from './period.ts'

/** One period of a ladder: `source` is the place of the longest shorter period that tiles it. */
export interface Rung { readonly period: Period, readonly source: number }

/**
 * The periods that are rolled up, ascending, `1m` first. A corrected bar is folded from the bars of its source,
 * so a month costs 31 days and not 43,200 minutes.
 */
export interface Ladder { readonly calendar: Calendar, readonly rungs: readonly Rung[] }

export function createLadder (calendar: Calendar, periods: readonly Period[]): Ladder {
  const ascending = PERIODS.filter((period) => period === '1m' || periods.includes(period))
  const rungs = ascending.map((period, place) => {
    const source = ascending.slice(0, place).findLastIndex((shorter) => calendar.tiles(shorter, period))
    return { period, source: Math.max(source, 0) }
  })
  return { calendar, rungs }
}
