import { KlineError } from './errors.ts'
import type { ServeOptions } from './serve.ts'
import { describe } from './wire/describe.ts'

const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']

/** Reads HOST (127.0.0.1), PORT (3000), DATA_DIR (./data) and LOG_LEVEL (info). @throws KLP_ERR_OPTION */
export function serverSettings ({ HOST: host = '127.0.0.1', PORT: port = '3000', DATA_DIR: dataDir = './data', LOG_LEVEL: level = 'info' }: NodeJS.ProcessEnv): ServeOptions {
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) throw new KlineError('KLP_ERR_OPTION', `Expected \`PORT\` to be an integer from 0 to 65535, got ${describe(port)}`)
  if (!LEVELS.includes(level)) throw new KlineError('KLP_ERR_OPTION', `Expected \`LOG_LEVEL\` to be one of ${LEVELS.join(' ')}, got ${describe(level)}`)
  return { host, port: Number(port), dataDir, logger: { level } }
}
