import { type MinuteBar, SYMBOL } from '../market/bar.ts'
import { Bucket } from '../market/bucket.ts'
import { LAST_MINUTE, MINUTE, type Period } from '../market/period.ts'
import type { Calendar } from '../market/calendar.ts'
import type { Entry } from './entry.ts'

/** How a bar is said to be: of which period, open or closed; without a calendar it may begin and end on any minute. */
export interface BarKind { readonly period: Period, readonly closed: boolean, readonly calendar: Calendar | undefined }

/** What of a bar can't be; undefined: nothing. */
export function barFault (bar: Bucket, { period, closed, calendar }: BarKind): string | undefined {
  const { time, end, seq, revision } = bar
  const bounded = calendar === undefined || (calendar.start(period, time) === time && calendar.end(period, time) === end)
  if (!isMinute(time) || !(end > time) || !bounded) return `goes from ${time} to ${end}`
  if (!isCount(seq) || !isCount(revision) || bar.closed !== closed || closed !== (seq > 0)) return `is ${bar.closed ? 'closed' : 'open'}, event ${seq}, revision ${revision}`
  return numbersFault(bar)
}

/** The same of an entry of the log. */
export function entryFault (entry: Entry): string | undefined {
  if (!('kind' in entry)) return minuteFault(entry)
  if (entry.kind !== 'import') return isMinute(entry.time) ? undefined : `is a watermark of ${entry.time}`
  for (const minute of entry.minutes) {
    const fault = minute.symbol === entry.symbol ? minuteFault(minute) : `is of ${minute.symbol} among those of ${entry.symbol}`
    if (fault !== undefined) return fault
  }
  return undefined
}

export function isCount (value: number): boolean {
  return Number.isInteger(value) && value >= 0
}

export function isMinute (time: number): boolean {
  return Number.isInteger(time) && time % MINUTE === 0 && Math.abs(time) <= LAST_MINUTE
}

function minuteFault (minute: MinuteBar): string | undefined {
  if (!SYMBOL.test(minute.symbol)) return 'has no symbol'
  if (!isMinute(minute.time) || minute.time < 0) return `is a minute at ${minute.time}`
  return numbersFault(Bucket.ofMinute(minute))
}

function numbersFault ({ open, high, low, close, volume, turnover, trades, openInterest }: Bucket): string | undefined {
  if (![open, high, low, close].every(Number.isFinite) || low > Math.min(open, close) || high < Math.max(open, close)) return `has open ${open}, high ${high}, low ${low}, close ${close}`
  if (!(Number.isFinite(volume) && volume >= 0)) return `has a volume of ${volume}`
  const odd = [turnover, trades, openInterest].find((value) => Math.abs(value) === Infinity)
  return odd === undefined ? undefined : `has a value of ${odd}`
}
