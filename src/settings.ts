import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { KlineError } from './errors.ts'
import type { RetainDays } from './market/ladder.ts'
import { DEFAULTS } from './options.ts'
import type { ServerSettings } from './serve.ts'
import { describe } from './wire/describe.ts'

const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']
// RFC 7518, section 3.2: as long as what it signs with.
const SHORTEST_SECRET = 32
const RANGES = ['loopback', 'linklocal', 'uniquelocal']

/** Options of the plugin that are whole numbers, each with the variable of the same name: `maxConnections` is MAX_CONNECTIONS. */
export const NUMBERS = Object.entries(DEFAULTS).filter(([name, value]) => typeof value === 'number' && name !== 'memoryBars' && name !== 'closeGraceMs').map(([name]) => name)

/** MAX_CONNECTIONS of `maxConnections`. */
export function variableOf (option: string): string {
  return option.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()
}

/**
 * Reads HOST (127.0.0.1), PORT (3000), DATA_DIR (./data), LOG_LEVEL (info), WARM_UP (on; or off), DOCS (on; or off), PAGE (on; or off), WORKERS (1), and what the plugin has a default for:
 * CLOSE_GRACE_MS, RETAIN_DAYS (`1m=90,1h=730`), DEFLATE (on or off), METRICS (on; or off), METRICS_TOKENS, PRODUCER_TOKENS, ORIGINS, and the NUMBERS. Who subscribers are is
 * said by JWT_SECRET or JWT_PUBLIC_KEY_FILE with JWT_AUDIENCE and JWT_ISSUER, and who stands between by TRUST_PROXY.
 *
 * @throws KLP_ERR_OPTION
 */
export function serverSettings (env: NodeJS.ProcessEnv): ServerSettings {
  const { HOST: host = '127.0.0.1', PORT: port = '3000', DATA_DIR: dataDir = './data', LOG_LEVEL: level = 'info', WARM_UP: warmUp = 'on', DOCS: docs = 'on', PAGE: page = 'on', DEFLATE: deflate, METRICS: metrics = 'on', METRICS_TOKENS: metricsTokens, WORKERS: workers = '1', CLOSE_GRACE_MS: grace, RETAIN_DAYS: days } = env
  const { PRODUCER_TOKENS: tokens, ORIGINS: origins, TRUST_PROXY: proxies } = env
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) throw refusal('PORT', 'an integer from 0 to 65535', port)
  if (!LEVELS.includes(level)) throw refusal('LOG_LEVEL', `one of ${LEVELS.join(' ')}`, level)
  const jwt = parseJwt(env)
  return {
    host,
    port: Number(port),
    dataDir,
    workers: parseWorkers(workers),
    warmUp: parseSwitch('WARM_UP', warmUp),
    metrics: parseSwitch('METRICS', metrics),
    docs: parseSwitch('DOCS', docs),
    page: parseSwitch('PAGE', page),
    // Line by line: a buffer that is flushed at the end never empties when nobody reads it, and the process never ends.
    logger: { level, stream: process.stdout },
    origins: origins === undefined ? [] : parseList(origins),
    ...(jwt === undefined ? undefined : { jwt }),
    ...(tokens === undefined ? undefined : { producerTokens: parseList(tokens) }),
    ...(proxies === undefined ? undefined : { trustProxy: parseProxies(proxies) }),
    ...(deflate === undefined ? undefined : { deflate: parseSwitch('DEFLATE', deflate) }),
    ...(grace === undefined ? undefined : { closeGraceMs: grace === 'off' ? grace : parseNumber('CLOSE_GRACE_MS', 'an integer from 0 up, or `off`', grace) }),
    ...(metricsTokens === undefined ? undefined : { metricsTokens: parseList(metricsTokens) }),
    ...(days === undefined ? undefined : { retainDays: parseRetainDays(days) }),
    ...parseNumbers(env),
  }
}

function parseNumbers (env: NodeJS.ProcessEnv): Record<string, number> {
  const given = NUMBERS.flatMap((option): [string, number][] => {
    const variable = variableOf(option)
    const text = env[variable]
    return text === undefined ? [] : [[option, parseNumber(variable, 'an integer from 1 up', text)]]
  })
  return Object.fromEntries(given)
}

function parseList (text: string): string[] {
  return text.split(',').map((part) => part.trim()).filter((part) => part !== '')
}

function parseProxies (text: string): string[] {
  const proxies = parseList(text)
  for (const proxy of proxies) {
    const [address, bits = '0'] = proxy.split('/')
    if (!RANGES.includes(proxy) && !(isIP(address) > 0 && /^\d{1,3}$/.test(bits))) throw refusal('TRUST_PROXY', 'addresses of proxies such as `10.0.0.0/8`', text)
  }
  return proxies
}

function parseJwt ({ JWT_SECRET: secret, JWT_PUBLIC_KEY_FILE: file, JWT_AUDIENCE: audience, JWT_ISSUER: issuer }: NodeJS.ProcessEnv): ServerSettings['jwt'] {
  if (secret === undefined && file === undefined) {
    if (audience !== undefined || issuer !== undefined) throw new KlineError('KLP_ERR_OPTION', 'Expected `JWT_AUDIENCE` and `JWT_ISSUER` to come with `JWT_SECRET` or `JWT_PUBLIC_KEY_FILE`: without one of these nobody has to say who it is')
    return undefined
  }
  if (secret !== undefined && file !== undefined) throw new KlineError('KLP_ERR_OPTION', 'Expected only one of `JWT_SECRET` and `JWT_PUBLIC_KEY_FILE`')
  if (secret !== undefined && secret.length < SHORTEST_SECRET) throw new KlineError('KLP_ERR_OPTION', `Expected \`JWT_SECRET\` to have ${SHORTEST_SECRET} characters or more`)
  return {
    ...(file === undefined ? { secret: secret as string } : { publicKey: readKey(file) }),
    ...(audience === undefined ? undefined : { audience }),
    ...(issuer === undefined ? undefined : { issuer }),
  }
}

function readKey (file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (err) {
    throw new KlineError('KLP_ERR_OPTION', `Expected \`JWT_PUBLIC_KEY_FILE\` to be a file that can be read: ${(err as Error).message}`, { cause: err })
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
