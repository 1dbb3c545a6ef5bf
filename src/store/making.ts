import { KlineError } from '../errors.ts'
import { type Calendar, utcCalendar } from '../market/calendar.ts'
import { isPeriod, type Period, PERIODS } from '../market/period.ts'
import { type Marks, NO_MARKS } from './book.ts'
import { type DataFile, TABLES } from './data-file.ts'
import { isCount } from './faults.ts'
import { FORMAT, parseMarks } from './meta.ts'

/** How data were made, and how far the marks of all contracts had come when the journal was cut. */
export interface Making {
  /** Undefined: one that this program doesn't know. */
  readonly calendar: Calendar | undefined
  readonly periods: readonly Period[]
  readonly marks: Marks
  readonly owner: string | undefined
  /** What of this it doesn't say, or can't be; it is taken to be as the server makes it. */
  readonly faults: readonly string[]
}

/**
 * What a data directory says about itself in its table `meta`.
 *
 * @throws KLP_ERR_INCOMPATIBLE when it is of another program, or of another format than this one's
 */
export function readMaking (data: DataFile, path: string): Making {
  const theirs = data.tables.find((table) => !TABLES.includes(table))
  if (theirs !== undefined) throw new KlineError('KLP_ERR_INCOMPATIBLE', `The file \`${path}\` is of another program: it has \`${theirs}\``)
  const texts = new Map<string, string>()
  for (const { key, value } of data.rows('meta')) texts.set(key.toString('latin1'), value.toString('latin1'))
  const faults = ['format', 'calendar', 'periods'].filter((name) => !texts.has(name)).map((name) => `it has no ${name}`)
  const format = texts.get('format') ?? FORMAT
  if (format !== FORMAT) throw new KlineError('KLP_ERR_INCOMPATIBLE', `The file \`${path}\` has format \`${format}\`, and this program reads \`${FORMAT}\``)
  const calendar = texts.get('calendar') ?? utcCalendar.name
  let periods: readonly Period[] = (texts.get('periods') ?? PERIODS.join(' ')).split(' ').filter(isPeriod)
  if (!periods.includes('1m')) {
    faults.push(`its periods are \`${texts.get('periods')}\``)
    periods = PERIODS
  }
  const text = texts.get('marks')
  let marks = text === undefined ? NO_MARKS : parseMarks(text)
  if (!isCount(marks.position) || Number.isNaN(marks.watermark) || Number.isNaN(marks.clock)) {
    faults.push(`its marks are \`${text}\``)
    marks = NO_MARKS
  }
  return { calendar: calendar === utcCalendar.name ? utcCalendar : undefined, periods, marks, owner: texts.get('owner'), faults }
}
