import { SYMBOL } from '../market/bar.ts'
import { isPeriod, type Period } from '../market/period.ts'
import type { BadKey } from './frames.ts'

/** What a key names: `SHFE.rb2601.5m` is the five-minute bars of the contract `SHFE.rb2601`. */
export interface Key { readonly key: string, readonly symbol: string, readonly period: Period }

export function parseKey (key: string, offered: readonly Period[]): Key | BadKey {
  const dot = key.lastIndexOf('.')
  const symbol = key.slice(0, Math.max(dot, 0))
  const period = key.slice(dot + 1)
  if (!SYMBOL.test(symbol)) {
    return { key, code: 'BAD_KEY', message: 'Expected `contract.period`, the contract 1 to 64 visible ASCII characters without space, *, ? or "' }
  }
  if (!isPeriod(period) || !offered.includes(period)) {
    return { key, code: 'UNKNOWN_PERIOD', message: `Expected the period to be one of ${offered.join(' ')}, got \`${period}\`` }
  }
  return { key, symbol, period }
}
