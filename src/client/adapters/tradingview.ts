import type { Bar } from '../../market/bar.ts'
import type { Client } from '../client.ts'
import type { Series } from '../series.ts'

type Tick = Pick<Bar, 'time' | 'open' | 'high' | 'low' | 'close' | 'volume'>
interface SymbolInfo { readonly ticker?: string, readonly name: string }
interface Range { readonly to: number, readonly countBack: number, readonly firstDataRequest: boolean }

const PERIODS: Readonly<Record<string, string>> = { 1: '1m', 3: '3m', 5: '5m', 15: '15m', 30: '30m', 60: '1h', 120: '2h', 240: '4h', 360: '6h', 480: '8h', 720: '12h', '1D': '1d', '3D': '3d', '1W': '1w', '1M': '1M' }
const RESOLUTIONS = Object.keys(PERIODS)
const SYMBOL = { type: '', exchange: '', listed_exchange: '', session: '24x7', timezone: 'Etc/UTC', format: 'price', minmov: 1, pricescale: 100, data_status: 'streaming', supported_resolutions: RESOLUTIONS, has_intraday: true, intraday_multipliers: RESOLUTIONS.slice(0, 11), has_daily: true, daily_multipliers: ['1', '3'], has_weekly_and_monthly: true, weekly_multipliers: ['1'], monthly_multipliers: ['1'] }
const MOST_BARS = 5000

export interface DatafeedOptions {
  /** Calls `resetData()` of the chart: bars were corrected, or could not be told after an interruption. */
  readonly resetData: () => void
  /** What a symbol search offers. */
  readonly symbols?: readonly string[]
  /** What the library is to know of a symbol beside its name, such as `pricescale`. */
  readonly describe?: (symbol: string) => object
}

/** A datafeed for TradingView Advanced Charts. */
export function createDatafeed (client: Client, { resetData, symbols = [], describe = () => ({}) }: DatafeedOptions) {
  const subscriptions = new Map<string, Series>()
  const newest = new Map<string, number>() // of each key the last bar that the chart has read
  return {
    onReady (callback: (configuration: object) => void): void { setTimeout(() => { callback({ supported_resolutions: RESOLUTIONS }) }) },
    searchSymbols (input: string, exchange: string, type: string, callback: (found: object[]) => void): void {
      callback(symbols.filter((symbol) => symbol.toLowerCase().includes(input.toLowerCase())).map((symbol) => ({ symbol, ticker: symbol, description: symbol, exchange, type })))
    },
    resolveSymbol (name: string, callback: (info: object) => void): void { setTimeout(() => { callback({ ...SYMBOL, name, ticker: name, description: name, ...describe(name) }) }) },
    getBars (symbol: SymbolInfo, resolution: string, { to, countBack, firstDataRequest }: Range, onBars: (bars: Tick[], meta: { noData: boolean }) => void, onError: (reason: string) => void): void {
      const key = keyOf(symbol, resolution)
      client.read({ key, end: to * 1000, limit: Math.min(countBack, MOST_BARS) }).then((bars) => {
        if (firstDataRequest) newest.set(key, bars.at(-1)?.time ?? 0)
        onBars(bars.map(toTick), { noData: bars.length === 0 })
      }).catch(({ message }: Error) => { onError(message) })
    },
    subscribeBars (symbol: SymbolInfo, resolution: string, onTick: (bar: Tick) => void, id: string, onResetCacheNeeded: () => void): void {
      const series = client.series(keyOf(symbol, resolution), { history: 10 }) // those that came since it read, and more
      const beginAnew = (): void => { onResetCacheNeeded(); resetData() }
      let from = newest.get(series.key) ?? 0
      series.on('error', () => {})
      series.on('change', ({ type }) => {
        if (type === 'append' || type === 'update') return onTick(toTick(series.bars.at(-1) as Bar))
        if (from === Infinity) return beginAnew() // the library takes no bar but the last
        for (const bar of series.bars) if (bar.time >= from) onTick(toTick(bar))
        from = Infinity // once it has begun
      })
      subscriptions.set(id, series)
    },
    unsubscribeBars (id: string): void { subscriptions.get(id)?.close(); subscriptions.delete(id) },
  }
}

const keyOf = ({ ticker, name }: SymbolInfo, resolution: string): string => `${ticker ?? name}.${PERIODS[resolution]}`
const toTick = ({ time, open, high, low, close, volume }: Bar): Tick => ({ time, open, high, low, close, volume })
