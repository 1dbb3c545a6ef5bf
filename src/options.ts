import { KlineError } from './errors.ts'
import { type Calendar, utcCalendar } from './market/calendar.ts'
import { createLadder, type RetainDays } from './market/ladder.ts'
import { isPeriod, type Period, PERIODS } from './market/period.ts'
import { describe } from './wire/describe.ts'

export interface KlinePushOptions {
  /** Where bars are kept on disk. Left out: they are kept in memory only. */
  dataDir?: string
  /** How many bars of each key the memory store keeps at least. @default 1000 */
  memoryBars?: number
  /** Goes before every path. @default '' */
  prefix?: string
  /** The periods that are rolled up and offered; `1m` always is. @default all fifteen */
  periods?: readonly Period[]
  /** Where bars begin and end. @default UTC, round the clock */
  calendar?: Calendar
  /** How long after the end of a minute the clock closes the bars that end with it, milliseconds; `'off'`: it never does. @default 5000 */
  closeGraceMs?: number | 'off'
  /** How many durable events of each key are kept for those who come back; the memory store keeps at most `memoryBars`. @default 10000 */
  keepEvents?: number
  /** For how many days the bars of a period are kept, such as `{ '1m': 90 }`: at least 2, and twice as long as the bars that are rolled up from them (62 for `1d`). @default all for ever */
  retainDays?: RetainDays
  /** A connection that had neither data nor a subscription action for so many milliseconds gets a heartbeat. @default 30000 */
  heartbeatMs?: number
  /** Milliseconds between protocol pings; less than `pongTimeoutMs`. @default 20000 */
  pingEveryMs?: number
  /** A peer without a pong for so many milliseconds is dead. @default 50000 */
  pongTimeoutMs?: number
  /** Keys that one connection may hold. @default 10000 */
  maxKeysPerConnection?: number
  /** Bytes that may wait for a reader that is behind; past that it is closed with 4108. @default 1048576 */
  maxBufferedBytes?: number
  /** Bytes of a frame from a client. @default 1048576 */
  maxFrameBytes?: number
  /** Malformed frames in a row after which a connection is closed with 4009. @default 10 */
  maxBadFrames?: number
  /** Whether clients that offer it get compressed frames (permessage-deflate, without context takeover). @default false */
  deflate?: boolean
  /** Whether there are documents of all this: `/docs` (Swagger UI), `/docs/json` (OpenAPI) and `/docs/asyncapi.json`. @default false */
  docs?: boolean
  /** Bars that a snapshot may hold. @default 5000 */
  maxHistory?: number
  /** Bars that one `GET /klines` may ask for. @default 5000 */
  maxBarsPerQuery?: number
  /** Bytes of a body of `POST /bars`. @default 8388608 */
  maxBodyBytes?: number
}

export type CheckedOptions = Required<Omit<KlinePushOptions, 'dataDir'>> & { readonly dataDir: string | undefined }

export const DEFAULTS: CheckedOptions = Object.freeze({
  dataDir: undefined,
  memoryBars: 1000,
  prefix: '',
  periods: PERIODS,
  calendar: utcCalendar,
  closeGraceMs: 5000,
  keepEvents: 10_000,
  retainDays: Object.freeze({}),
  heartbeatMs: 30_000,
  pingEveryMs: 20_000,
  pongTimeoutMs: 50_000,
  maxKeysPerConnection: 10_000,
  maxBufferedBytes: 1_048_576,
  maxFrameBytes: 1_048_576,
  maxBadFrames: 10,
  deflate: false,
  docs: false,
  maxHistory: 5000,
  maxBarsPerQuery: 5000,
  maxBodyBytes: 8_388_608,
})

const LONGEST_DAYS: Partial<Record<Period, number>> = { '3d': 3, '1w': 7, '1M': 31 }
const TIMER_MAX = 2 ** 31 - 1
// What Fastify itself takes at registration.
const FASTIFY_OPTIONS = ['logLevel', 'logSerializers', 'encapsulate']

/** @throws KLP_ERR_OPTION that names the option and the value */
export function checkOptions (options: KlinePushOptions): CheckedOptions {
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(DEFAULTS, name) && !FASTIFY_OPTIONS.includes(name)) throw new KlineError('KLP_ERR_OPTION', `Expected no option \`${name}\``)
  }
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  const checked: CheckedOptions = { ...DEFAULTS, ...given }
  for (const [name, fallback] of Object.entries(DEFAULTS)) {
    const value = checked[name as keyof CheckedOptions] as unknown
    if (typeof fallback !== 'number' || name === 'closeGraceMs') continue
    const max = name.endsWith('Ms') ? TIMER_MAX : Number.MAX_SAFE_INTEGER
    if (!Number.isInteger(value) || (value as number) < 1 || (value as number) > max) throw refusal(name, `an integer from 1 to ${max}`, value)
  }
  const { dataDir, prefix, periods, calendar, deflate, docs, closeGraceMs, pingEveryMs, pongTimeoutMs } = checked
  if (dataDir !== undefined && (typeof dataDir !== 'string' || dataDir === '' || dataDir.includes('\0'))) throw refusal('dataDir', 'a path', dataDir)
  if (typeof prefix !== 'string' || !/^(\/.*[^/])?$/.test(prefix)) throw refusal('prefix', 'a path that begins with a slash and ends without one', prefix)
  if (typeof deflate !== 'boolean') throw refusal('deflate', 'true or false', deflate)
  if (typeof docs !== 'boolean') throw refusal('docs', 'true or false', docs)
  if (closeGraceMs !== 'off' && !(Number.isInteger(closeGraceMs) && closeGraceMs >= 0 && closeGraceMs <= TIMER_MAX)) throw refusal('closeGraceMs', `an integer from 0 to ${TIMER_MAX}, or 'off'`, closeGraceMs)
  if (!Array.isArray(periods)) throw refusal('periods', 'an array', periods)
  for (const period of periods) if (!isPeriod(period)) throw refusal('periods', `some of ${PERIODS.join(' ')}`, period)
  if (typeof calendar?.start !== 'function' || typeof calendar.end !== 'function' || typeof calendar.tiles !== 'function' || typeof calendar.name !== 'string') throw refusal('calendar', 'a Calendar', calendar)
  checkRetention(checked)
  if (pingEveryMs >= pongTimeoutMs) throw refusal('pingEveryMs', `less than \`pongTimeoutMs\` (${pongTimeoutMs})`, pingEveryMs)
  return checked
}

/** What longer bars are rolled up from has to be in reach for as long as they are open, and as long again for what comes late. */
function checkRetention ({ retainDays, calendar, periods }: CheckedOptions): void {
  if (typeof retainDays !== 'object' || retainDays === null) throw refusal('retainDays', 'an object such as { "1m": 90 }', retainDays)
  const { rungs } = createLadder(calendar, periods)
  for (const [period, days] of Object.entries(retainDays) as [string, unknown][]) {
    if (!isPeriod(period)) throw refusal('retainDays', `by period, one of ${PERIODS.join(' ')}`, period)
    const longer = rungs.filter(({ source }) => rungs[source].period === period).map((rung) => LONGEST_DAYS[rung.period] ?? 1)
    const least = 2 * Math.max(1, ...longer)
    if (typeof days !== 'number' || !(days >= least)) throw refusal(`retainDays['${period}']`, `a number from ${least} up`, days)
  }
}

function refusal (name: string, expected: string, value: unknown): KlineError {
  return new KlineError('KLP_ERR_OPTION', `Expected \`${name}\` to be ${expected}, got ${describe(value)}`)
}
