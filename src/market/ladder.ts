import type { Calendar } from './calendar.ts'
import { MINUTE, type Period, PERIODS } from './period.ts'

/**
 * One period of a ladder, at its place: `source` is the place of the longest shorter period that tiles it (of the
 * shortest, its own), `keepMs` for how long its bars are kept.
 */
export interface Rung { readonly period: Period, readonly place: number, readonly source: number, readonly keepMs: number }

/** For how many days the bars of a period are kept; one that is not named: for ever. */
export type RetainDays = Partial<Readonly<Record<Period, number>>>

const DAY = 24 * 60 * MINUTE

/**
 * The periods that are rolled up, ascending, `1m` first. A corrected bar is folded from the bars of its source,
 * so a month costs 31 days and not 43,200 minutes.
 */
export interface Ladder { readonly calendar: Calendar, readonly rungs: readonly Rung[] }

export function createLadder (calendar: Calendar, periods: readonly Period[], retainDays: RetainDays = {}): Ladder {
  const ascending = PERIODS.filter((period) => period === '1m' || periods.includes(period))
  const rungs = ascending.map((period, place) => {
    const source = ascending.slice(0, place).findLastIndex((shorter) => calendar.tiles(shorter, period))
    return { period, place, source: Math.max(source, 0), keepMs: (retainDays[period] ?? Infinity) * DAY }
  })
  return { calendar, rungs }
}
