import { MINUTE, type Period } from './period.ts'

/**
 * Where bars begin and end. Every bucket boundary in this program comes from here, so a market with sessions
 * needs another calendar and nothing else. All times are UTC milliseconds on a minute boundary.
 */
export interface Calendar {
  /** Written into a data directory, which is never opened with a calendar of another name. */
  readonly name: string
  /** The open time of the bar that holds the minute `time`. */
  start (period: Period, time: number): number
  /** The first minute after the bar that opens at `start`. */
  end (period: Period, start: number): number
  /** Whether every bar of `long` is made of whole bars of `short`. */
  tiles (short: Period, long: Period): boolean
}

const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const WEEK = 7 * DAY
const MONDAY = -3 * DAY // the epoch was a Thursday

const LENGTH: Record<Exclude<Period, '1M'>, number> = {
  '1m': MINUTE,
  '3m': 3 * MINUTE,
  '5m': 5 * MINUTE,
  '15m': 15 * MINUTE,
  '30m': 30 * MINUTE,
  '1h': HOUR,
  '2h': 2 * HOUR,
  '4h': 4 * HOUR,
  '6h': 6 * HOUR,
  '8h': 8 * HOUR,
  '12h': 12 * HOUR,
  '1d': DAY,
  '3d': 3 * DAY,
  '1w': WEEK,
}

/** Round the clock in UTC: weeks start on Monday, months on the 1st, everything else counts from the epoch. */
export const utcCalendar: Calendar = {
  name: 'utc',

  start (period, time) {
    if (period === '1M') {
      const date = new Date(time)
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth())
    }
    const origin = period === '1w' ? MONDAY : 0
    return time - (time - origin) % LENGTH[period]
  },

  end (period, start) {
    if (period !== '1M') return start + LENGTH[period]
    const date = new Date(start)
    const end = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1)
    return Number.isNaN(end) ? Infinity : end // the month in which the range of dates runs out
  },

  tiles (short, long) {
    if (short === '1M') return false
    if (long === '1M') return DAY % LENGTH[short] === 0
    if (long === '1w') return DAY % LENGTH[short] === 0
    return LENGTH[long] % LENGTH[short] === 0 && short !== '1w'
  },
}
