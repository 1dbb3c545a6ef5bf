import { CsvError, type Info, parse } from 'csv-parse'
import { pipeline, type Readable } from 'node:stream'
import type { MinuteBar } from '../market/bar.ts'
import { parseMinutes } from '../wire/minutes.ts'

const COLUMNS = ['symbol', 'time', 'open', 'high', 'low', 'close', 'volume'] as const
const OPTIONAL = ['turnover', 'trades', 'openInterest'] as const
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i
const ISO_TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.0+)?)?(Z|[+-]\d\d:\d\d)$/
// Without it an unclosed quote would draw the rest of the file into memory.
const LONGEST_ROW = 65_536

/** `bytes` is how far into the file the row ends. */
interface Place { readonly line: number, readonly bytes: number }
export interface Row extends Place { readonly minute: MinuteBar }
export interface BadRow extends Place { readonly problem: string }

/**
 * The minutes of a CSV file, as they come; `time` is UTC milliseconds or ISO 8601 with its zone. Other columns are
 * passed over.
 *
 * @throws when the header lacks a column, or the file can't be read
 */
export async function * readRows (input: Readable): AsyncGenerator<Row | BadRow> {
  const parser = parse({
    bom: true,
    info: true,
    max_record_size: LONGEST_ROW,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    trim: true,
  })
  pipeline(input, parser, () => {}) // whoever reads the parser gets the error
  try {
    let header: readonly string[] | undefined
    for await (const { record, info } of parser as AsyncIterable<{ record: string[], info: Info }>) {
      if (header === undefined) header = checkHeader(record)
      else yield parseRow(record, header, { line: info.lines, bytes: info.bytes })
    }
  } catch (err) {
    // From here on the parser can't tell rows apart, so this is the last one.
    if (!(err instanceof CsvError)) throw err
    const { lines } = err as unknown as Info
    yield { line: lines, bytes: parser.info.bytes, problem: `${err.message}; what comes after it was not read` }
  }
}

function checkHeader (header: string[]): string[] {
  const missing = COLUMNS.filter((name) => !header.includes(name))
  if (missing.length > 0) throw new Error(`Expected the first line to name the columns ${COLUMNS.join(',')}; it lacks ${missing.join(',')}`)
  return header
}

function parseRow (fields: readonly string[], header: readonly string[], place: Place): Row | BadRow {
  if (fields.length !== header.length) return { ...place, problem: `Expected ${header.length} fields, got ${fields.length}` }
  const record: Record<string, string | undefined> = Object.fromEntries(header.map((name, index) => [name, fields[index]]))
  try {
    const minute: Record<string, unknown> = { symbol: record.symbol, time: parseTime(record.time) }
    for (const name of COLUMNS.slice(2)) minute[name] = parseNumber(record[name])
    for (const name of OPTIONAL) if (record[name]) minute[name] = parseNumber(record[name])
    return { ...place, minute: parseMinutes([minute])[0] }
  } catch (err) {
    return { ...place, problem: (err as Error).message.replace(/^bar 0: /, '') }
  }
}

function parseTime (text: string | undefined): unknown {
  return text !== undefined && ISO_TIME.test(text) ? Date.parse(text) : parseNumber(text)
}

/** What isn't a number goes on as it is, and is refused by name. */
function parseNumber (text: string | undefined): unknown {
  return text !== undefined && NUMBER.test(text) ? Number(text) : text
}
