import { KlineError } from './errors.ts'
import { createLadder } from './market/ladder.ts'
import { isPeriod, type Period, PERIODS } from './market/period.ts'
import { type CheckedOptions, DEFAULTS, type KlinePushOptions } from './options.ts'
import { describe } from './wire/describe.ts'

const LONGEST_DAYS: Partial<Record<Period, number>> = { '3d': 3, '1w': 7, '1M': 31 }
const TIMER_MAX = 2 ** 31 - 1
// RFC 6750, section 2.1.
const TOKEN = /^[\w.~+/=-]+$/
// What Fastify itself takes at registration.
const FASTIFY_OPTIONS = ['logLevel', 'logSerializers', 'encapsulate']

/** @throws KLP_ERR_OPTION that names the option and the value */
export function checkOptions (options: KlinePushOptions): CheckedOptions {
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(DEFAULTS, name) && !FASTIFY_OPTIONS.includes(name)) throw new KlineError('KLP_ERR_OPTION', `Expected no option \`${name}\``)
  }
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  const checked: CheckedOptions = { ...DEFAULTS, ...given }
  checkNumbers(checked)
  checkGuards(checked)
  const { dataDir, prefix, periods, calendar, deflate, docs, metrics, page, closeGraceMs, pingEveryMs, pongTimeoutMs } = checked
  if (dataDir !== undefined && (typeof dataDir !== 'string' || dataDir === '' || dataDir.includes('\0'))) throw refusal('dataDir', 'a path', dataDir)
  if (typeof prefix !== 'string' || !/^(\/.*[^/])?$/.test(prefix)) throw refusal('prefix', 'a path that begins with a slash and ends without one', prefix)
  for (const [name, value] of Object.entries({ deflate, docs, metrics, page })) if (typeof value !== 'boolean') throw refusal(name, 'true or false', value)
  if (closeGraceMs !== 'off' && !(Number.isInteger(closeGraceMs) && closeGraceMs >= 0 && closeGraceMs <= TIMER_MAX)) throw refusal('closeGraceMs', `an integer from 0 to ${TIMER_MAX}, or 'off'`, closeGraceMs)
  if (!Array.isArray(periods)) throw refusal('periods', 'an array', periods)
  for (const period of periods) if (!isPeriod(period)) throw refusal('periods', `some of ${PERIODS.join(' ')}`, period)
  if (typeof calendar?.start !== 'function' || typeof calendar.end !== 'function' || typeof calendar.tiles !== 'function' || typeof calendar.name !== 'string') throw refusal('calendar', 'a Calendar', calendar)
  checkRetention(checked)
  if (pingEveryMs >= pongTimeoutMs) throw refusal('pingEveryMs', `less than \`pongTimeoutMs\` (${pongTimeoutMs})`, pingEveryMs)
  return checked
}

function checkNumbers (checked: CheckedOptions): void {
  for (const [name, fallback] of Object.entries(DEFAULTS)) {
    const value = checked[name as keyof CheckedOptions] as unknown
    if (typeof fallback !== 'number' || name === 'closeGraceMs') continue
    if (fallback === Infinity && value === Infinity) continue
    const max = name.endsWith('Ms') ? TIMER_MAX : Number.MAX_SAFE_INTEGER
    if (!Number.isInteger(value) || (value as number) < 1 || (value as number) > max) throw refusal(name, `an integer from 1 to ${max}${fallback === Infinity ? ', or Infinity' : ''}`, value)
  }
}

function checkGuards (checked: CheckedOptions): void {
  const { producerTokens, metricsTokens, origins, authenticate, verifyToken, authorize } = checked
  checkTokens('producerTokens', producerTokens)
  checkTokens('metricsTokens', metricsTokens)
  for (const [name, value] of Object.entries({ authenticate, verifyToken, authorize })) {
    if (value !== undefined && typeof value !== 'function') throw refusal(name, 'a function', value)
  }
  if (authorize !== undefined && authenticate === undefined && verifyToken === undefined) throw new KlineError('KLP_ERR_OPTION', 'Expected `authorize` to come with `authenticate` or `verifyToken`, which say who asks')
  if (origins === undefined) return
  if (!Array.isArray(origins)) throw refusal('origins', 'an array', origins)
  for (const origin of origins) if (origin !== '*' && !isOrigin(origin)) throw refusal('origins', 'of the form https://charts.example, or *', origin)
}

/** Tokens are secrets: their place says enough. */
function checkTokens (name: string, tokens: unknown): void {
  if (!Array.isArray(tokens)) throw new KlineError('KLP_ERR_OPTION', `Expected \`${name}\` to be an array`)
  tokens.forEach((token: unknown, index) => {
    if (typeof token !== 'string' || !TOKEN.test(token)) throw new KlineError('KLP_ERR_OPTION', `Expected \`${name}[${index}]\` to be a string of letters, digits and -._~+/=`)
  })
}

function isOrigin (given: unknown): boolean {
  return typeof given === 'string' && URL.canParse(given) && new URL(given).origin === given
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
