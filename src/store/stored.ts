import { SYMBOL } from '../market/bar.ts'
import type { Bucket } from '../market/bucket.ts'
import type { Calendar } from '../market/calendar.ts'
import type { Period } from '../market/period.ts'
import { parseRowKey } from './clustered.ts'
import type { Entry } from './entry.ts'
import { barFault, entryFault, isCount } from './faults.ts'
import { decodeEntries } from './record.ts'
import { decodeRows } from './row.ts'
import { type ContractState, decodeState } from './state.ts'
import { numberOf } from './table.ts'
import type { Row } from './tree.ts'

/** What our tables hold, read from a file that may be damaged: a string instead says what is wrong with a row. */
export interface StoredBars { readonly symbol: string, readonly period: Period, readonly bars: readonly Bucket[] }
export interface StoredRecord { readonly position: number, readonly entries: readonly Entry[] }
export interface StoredContract { readonly symbol: string, readonly state: ContractState }

/** How the data were made. */
export interface Making { readonly calendar: Calendar | undefined, readonly periods: readonly Period[] }

/** A row of `bars`, which has one. */
export function readBar (row: Row, making: Making): StoredBars | string {
  return readBars(row, making, (number, [bar, ...others]) => others.length === 0 && numberOf(bar.time) === number)
}

/** A row of `events`, which has several, and is called after the last. */
export function readEvents (row: Row, making: Making): StoredBars | string {
  return readBars(row, making, (number, bars) => bars.every(({ seq }, i) => seq === number - bars.length + 1 + i))
}

export function readRecord ({ key, value }: Row): StoredRecord | string {
  if (key.length !== 6) return 'it has no position'
  const position = key.readUIntBE(0, 6)
  const entries = attempt(() => decodeEntries(value))
  if (typeof entries === 'string') return `entries from ${position} on: ${entries}`
  for (const [i, entry] of entries.entries()) {
    const fault = entryFault(entry)
    if (fault !== undefined) return `entry ${position + i} ${fault}`
  }
  return { position, entries }
}

export function readContract ({ key, value }: Row, { calendar, periods }: Making): StoredContract | string {
  const symbol = key.toString('latin1')
  if (!SYMBOL.test(symbol)) return 'it has no symbol'
  const state = attempt(() => decodeState(value, periods.length))
  if (typeof state === 'string') return `${symbol}: ${state}`
  const { position, first, frontier, watermark, lanes } = state
  if (!isCount(position) || !(first < frontier) || !(watermark <= frontier)) return `${symbol}: it has position ${position}, minutes from ${first} to ${frontier}, watermark ${watermark}`
  for (const [i, { seq, resetSeq, newest, open }] of lanes.entries()) {
    if (!isCount(seq) || !isCount(resetSeq) || resetSeq > seq || Number.isNaN(newest)) return `${symbol}.${periods[i]}: it has seq ${seq}, reset at ${resetSeq}, newest bar ${newest}`
    const fault = open === undefined ? undefined : barFault(open, { period: periods[i], closed: false, calendar })
    if (fault !== undefined) return `${symbol}.${periods[i]}: the open bar ${fault}`
  }
  return { symbol, state }
}

function readBars ({ key, value }: Row, { calendar, periods }: Making, fits: (number: number, bars: readonly Bucket[]) => boolean): StoredBars | string {
  const place = parseRowKey(key)
  if (place === undefined || !periods.includes(place.period)) return `the key \`${key.toString('latin1')}\` is none`
  const { symbol, period, number } = place
  const bars = attempt(() => decodeRows(value))
  if (typeof bars === 'string') return `${symbol}.${period}: ${bars}`
  if (bars.length === 0 || !fits(number, bars)) return `${symbol}.${period}: it is not what its key says`
  for (const bar of bars) {
    const fault = barFault(bar, { period, closed: true, calendar })
    if (fault !== undefined) return `${symbol}.${period} at ${bar.time}: it ${fault}`
  }
  return { symbol, period, bars }
}

function attempt<T> (decode: () => T): T | string {
  try {
    return decode()
  } catch (err) {
    return `it can't be read (${(err as Error).message})`
  }
}
