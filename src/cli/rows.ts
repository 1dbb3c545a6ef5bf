import { parse } from 'csv-parse/sync'
import type { Readable } from 'node:stream'
import type { MinuteBar } from '../market/bar.ts'
import { parseMinutes } from '../wire/minutes.ts'
import { type Line, readLines } from './lines.ts'

const COLUMNS = ['symbol', 'time', 'open', 'high', 'low', 'close', 'volume'] as const
const OPTIONAL = ['turnover', 'trades', 'openInterest'] as const
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i
const ISO_TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.0+)?)?(Z|[+-]\d\d:\d\d)$/
const LONGEST_ROW = 65_536

/** `bytes` is how far into the file the row ends. */
interface Place { readonly line: number, readonly bytes: number }
export interface Row extends Place { readonly minute: MinuteBar }
export interface BadRow extends Place { readonly problem: string }

/**
 * The minutes of a CSV file, as they come; `time` is UTC milliseconds or ISO 8601 with its zone. Other columns are
 * passed over. A row is one line, so that a broken quote spoils no more than that.
 *
 * @throws when the header lacks a column, or the file can't be read
 */
export async function * readRows (input: Readable): AsyncGenerator<Row | BadRow> {
  let header: readonly string[] | undefined
  for await (const line of readLines(input, LONGEST_ROW)) {
    if (line.text.trim() === '') continue
    if (header === undefined) header = checkHeader(splitFields(line.text.replace(/^\uFEFF/, '')))
    else yield parseRow(line, header)
  }
  if (header === undefined) checkHeader([])
}

/** A line without a quote needs no parser, and starting one for it would take most of the time. */
function splitFields (text: string): string[] {
  if (!text.includes('"')) return text.split(',').map((field) => field.trim())
  try {
    return parse(text, { relax_column_count: true, relax_quotes: true, trim: true })[0]
  } catch (err) {
    throw new Error((err as Error).message.replace(/ at line 1\b.*/, ''), { cause: err })
  }
}

function checkHeader (header: string[]): string[] {
  const missing = COLUMNS.filter((name) => !header.includes(name))
  if (missing.length > 0) throw new Error(`Expected the first line to name the columns ${COLUMNS.join(',')}; it lacks ${missing.join(',')}`)
  return header
}

function parseRow ({ text, tooLong, line, bytes }: Line, header: readonly string[]): Row | BadRow {
  const place = { line, bytes }
  if (tooLong) return { ...place, problem: `Expected a row of at most ${LONGEST_ROW} bytes` }
  try {
    const fields = splitFields(text)
    if (fields.length !== header.length) throw new Error(`Expected ${header.length} fields, got ${fields.length}`)
    const record: Record<string, string> = Object.fromEntries(header.map((name, index) => [name, fields[index]]))
    const minute: Record<string, unknown> = { symbol: record.symbol, time: parseTime(record.time) }
    for (const name of COLUMNS.slice(2)) minute[name] = parseNumber(record[name])
    for (const name of OPTIONAL) if (record[name]) minute[name] = parseNumber(record[name])
    return { ...place, minute: parseMinutes([minute])[0] }
  } catch (err) {
    return { ...place, problem: (err as Error).message.replace(/^bar 0: /, '') }
  }
}

function parseTime (text: string): unknown {
  return ISO_TIME.test(text) ? Date.parse(text) : parseNumber(text)
}

/** What isn't a number goes on as it is, and is refused by name. */
function parseNumber (text: string): unknown {
  return NUMBER.test(text) ? Number(text) : text
}
