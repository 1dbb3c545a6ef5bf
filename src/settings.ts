import { KlineError } from './errors.ts'
import type { RetainDays } from './market/ladder.ts'
import type { ServerSettings } from './serve.ts'
import { describe } from './wire/describe.ts'

const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']

/**
 * Reads HOST (127.0.0.1), PORT (3000), DATA_DIR (./data), LOG_LEVEL (info), WARM_UP (on; or off), DOCS (on; or off), WORKERS (1), and what the plugin has a default for:
 * CLOSE_GRACE_MS, KEEP_EVENTS, RETAIN_DAYS (`1m=90,1h=730`), DEFLATE (on or off).
 *
 * @throws KLP_ERR_OPTION
 */
export function serverSettings (env: NodeJS.ProcessEnv): ServerSettings {
  const { HOST: host = '127.0.0.1', PORT: port = '3000', DATA_DIR: dataDir = './data', LOG_LEVEL: level = 'info', WARM_UP: warmUp = 'on', DOCS: docs = 'on', DEFLATE: deflate, WORKERS: workers = '1', CLOSE_GRACE_MS: grace, KEEP_EVENTS: events, RETAIN_DAYS: days } = env
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) throw refusal('PORT', 'an integer from 0 to 65535', port)
  if (!LEVELS.includes(level)) throw refusal('LOG_LEVEL', `one of ${LEVELS.join(' ')}`, level)
  return {
    host,
    port: Number(port),
    dataDir,
    workers: parseWorkers(workers),
    warmUp: parseSwitch('WARM_UP', warmUp),
    docs: parseSwitch('DOCS', docs),
    // Line by line: a buffer that is flushed at the end never empties when nobody reads it, and the process never ends.
    logger: { level, stream: process.stdout },
    ...(deflate === undefined ? undefined : { deflate: parseSwitch('DEFLATE', deflate) }),
    ...(grace === undefined ? undefined : { closeGraceMs: grace === 'off' ? grace : parseNumber('CLOSE_GRACE_MS', 'an integer from 0 up, or `off`', grace) }),
    ...(events === undefined ? undefined : { keepEvents: parseNumber('KEEP_EVENTS', 'an integer from 1 up', events) }),
    ...(days === undefined ? undefined : { retainDays: parseRetainDays(days) }),
  }
}

function parseSwitch (name: string, text: string): boolean {
  if (text !== 'on' && text !== 'off') throw refusal(name, 'on or off', text)
  return text === 'on'
}

function parseWorkers (text: string): number {
  if (!/^([1-9]|[12]\d|3[0-2])$/.test(text)) throw refusal('WORKERS', 'an integer from 1 to 32', text)
  return Number(text)
}

function parseNumber (name: string, expected: string, text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw refusal(name, expected, text)
  return Number(text)
}

/** Whether there are such periods and as many days is for the plugin's options to say. */
function parseRetainDays (text: string): RetainDays {
  const pairs = text.split(',').map((pair) => {
    const [, period, days] = /^([^=]+)=(\d+(?:\.\d+)?)$/.exec(pair.trim()) ?? []
    if (period === undefined) throw refusal('RETAIN_DAYS', 'periods with their days such as `1m=90,1h=730`', text)
    return [period, Number(days)]
  })
  return Object.fromEntries(pairs) as RetainDays
}

function refusal (name: string, expected: string, value: string): KlineError {
  return new KlineError('KLP_ERR_OPTION', `Expected \`${name}\` to be ${expected}, got ${describe(value)}`)
}
