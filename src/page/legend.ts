import type { Bar } from '../client/index.ts'
import { formatChange, formatCount, formatPrice, formatTime } from './format.ts'

/** What a bar says, field by field. */
export function describeBar (bar: Bar, { decimals, period }: { decimals: number, period: string }): [name: string, text: string][] {
  const { time, open, high, low, close, volume, turnover, trades, openInterest, closed, revision } = bar
  const prices = Object.entries({ Open: open, High: high, Low: low, Close: close }).map(([name, price]): [string, string] => [name, formatPrice(price, decimals)])
  const counts = Object.entries({ Volume: volume, Turnover: turnover, Trades: trades, 'Open interest': openInterest })
    .flatMap(([name, count]): [string, string][] => count === undefined ? [] : [[name, formatCount(count)]])
  const change: [string, string][] = open > 0 ? [['Change', formatChange(close / open - 1)]] : []
  const state = `${closed ? 'closed' : 'open'}${revision > 0 ? `, revision ${revision}` : ''}`
  return [['Time', formatTime(time, period)], ...prices, ...change, ...counts, ['Bar', state]]
}
