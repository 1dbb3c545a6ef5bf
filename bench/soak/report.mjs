import { slope } from '../figures.mjs'
import { show, table } from '../table.mjs'

const COLUMNS = [
  ['minute', ({ minute }) => minute.toFixed(1)],
  ['connections', whole('connections')],
  ['events/s', whole('eventsPerSecond')],
  ['updates/s', whole('updatesPerSecond')],
  ['returns/s', ({ returnsPerSecond }) => show(returnsPerSecond)],
  ['p50 ms', whole('delayP50Ms')],
  ['p99 ms', whole('delayP99Ms')],
  ['CPU %', ({ cpuPercent }) => show(cpuPercent)],
  ['RSS MiB', ({ residentMib }) => residentMib.toFixed(1)],
  ['of it own', ({ anonymousMib }) => anonymousMib.toFixed(1)],
  ['heap', ({ heapMib }) => show(heapMib)],
  ['file MiB', ({ dataMib }) => dataMib.toFixed(1)],
  ['open files', whole('descriptors')],
  ['slow', whole('slow')],
  ['unexplained', whole('unexplained')],
  ['faults', whole('faults')],
]

export function rowsTable (rows) {
  return table(COLUMNS.map(([head]) => head), rows.map((row) => COLUMNS.map(([, cell]) => cell(row))))
}

/** The table as it grows, for those who watch: its heads, and each row. */
export const HEADS = line(([head]) => head)

export function rowLine (row) {
  return line(([head, cell]) => cell(row))
}

function line (text) {
  return COLUMNS.map((column) => text(column).padStart(Math.max(7, column[0].length))).join(' ')
}

/**
 * What the run has shown. `samples` are figures, `seen` what all clients saw, `sent` what the producers did, `faults`
 * counts by kind.
 */
export function verdict ({ samples, seen, sent, faults, restarts, compared, interrupted, settleMinutes }) {
  const { lost = 0, doubled = 0, ...others } = faults
  const ok = Object.keys(faults).length === 0 && seen.unexplained === 0
  const steady = samples.filter(({ minute }) => minute >= settleMinutes)
  const growth = (name) => restarts > 0 ? NaN : slope(steady.map(({ minute }) => minute / 60), steady.map((sample) => sample[name]))
  const range = (name) => steady.length === 0 ? '–' : `${Math.min(...steady.map((sample) => sample[name])).toFixed(1)} to ${Math.max(...steady.map((sample) => sample[name])).toFixed(1)}`
  const figures = { ok, lost, doubled, others, unexplained: seen.unexplained, residentMibPerHour: growth('residentMib'), anonymousMibPerHour: growth('anonymousMib') }
  const lines = [
    ['durable events lost, doubled', `${number(lost)}, ${number(doubled)}`],
    ['other breaches', Object.entries(others).map(([kind, count]) => `${kind} ${number(count)}`).join(', ') || 'none'],
    ['closes that nobody explains', number(seen.unexplained)],
    ['durable events checked by `seq`', `${number(seen.events)}, of them ${number(seen.replayed)} replayed to those who came back`],
    ['clients came back, took their keys back', `${number(seen.returns)}, ${number(seen.reconsidered)} times`],
    ['heartbeats whose sum was checked', number(seen.heartbeats)],
    ['slow readers', `${number(seen.slow)} closed with 4108 or without a code; ${number(seen.conflated)} updates conflated`],
    ['series of bars compared with `GET /klines`', number(seen.audits)],
    ['minutes sent', `${number(sent.accepted)} new, ${number(sent.revised)} corrected, ${number(sent.duplicates)} duplicates, in ${number(sent.posts)} POSTs`],
    ['producers killed', `${number(sent.kills)} times; ${number(sent.unsure)} POSTs sent again, ${number(sent.stored)} of which had been taken`],
    ['bars compared with what was sent', number(compared)],
    ['server killed', `${number(restarts)} times; ${number(seen.cut)} connections cut`],
    [`RSS after ${show(settleMinutes)} minutes`, `${range('residentMib')} MiB, ${signed(figures.residentMibPerHour)} MiB an hour`],
    ['of it its own, not pages of the data file', `${range('anonymousMib')} MiB, ${signed(figures.anonymousMibPerHour)} MiB an hour`],
  ]
  return { figures, text: `${table(['', ''], lines)}\n\n${interrupted ? 'Interrupted. ' : ''}${ok ? 'Nothing was lost, doubled or left unexplained.' : 'FAILED'}` }
}

function whole (name) {
  return (row) => Number.isNaN(row[name]) ? '–' : number(Math.round(row[name]))
}

function number (value) {
  return value.toLocaleString('en')
}

function signed (value) {
  return Number.isNaN(value) ? '–' : `${value < 0 ? '−' : '+'}${show(Math.abs(value))}`
}
