import type { Bar } from '../../market/bar.ts'
import type { Client } from '../client.ts'
import type { Series } from '../series.ts'

interface Named { readonly symbol: { readonly ticker: string }, readonly period: { readonly type: string, readonly span: number } }
interface Request extends Named {
  readonly type: string
  readonly timestamp: number | null
  readonly callback: (bars: ReturnType<typeof toKLine>[], more?: { forward: boolean, backward: boolean }) => void
}

const UNITS: Readonly<Record<string, string>> = { minute: 'm', hour: 'h', day: 'd', week: 'w', month: 'M' }

/**
 * A `DataLoader` for klinecharts 10, whose `chart` it is: a period `{ type: 'minute', span: 5 }` is `5m`. `history` is how
 * many bars it loads at a time.
 */
export function createDataLoader (client: Client, { chart, history = 500 }: { chart: { resetData (): void }, history?: number }) {
  let series: Series | undefined
  return {
    async getBars ({ type, symbol, period, timestamp, callback }: Request): Promise<void> {
      const key = `${symbol.ticker}.${period.span}${UNITS[period.type]}`
      if (type === 'init') {
        series?.close()
        const mine = series = client.series(key, { history })
        await mine.ready.catch(() => {}) // a key that the server refuses has no bars
        if (mine === series) callback(mine.bars.map(toKLine), { forward: mine.bars.length > 0, backward: false })
      } else if (type === 'forward' && timestamp !== null) { // towards the past
        const bars = await client.read({ key, end: timestamp, limit: history }).catch(() => [])
        callback(bars.map(toKLine), { forward: bars.length === history, backward: false })
      } else {
        callback([])
      }
    },
    subscribeBar ({ callback }: Named & { callback: (bar: ReturnType<typeof toKLine>) => void }): void {
      series?.on('change', (change) => {
        if (change.type === 'append' || change.type === 'update') callback(toKLine(change.bar))
        else chart.resetData() // it takes no bar but the last, and loads them again from the series
      })
    },
    unsubscribeBar (): void {
      series?.close()
    },
  }
}

function toKLine ({ time: timestamp, open, high, low, close, volume, turnover }: Bar) {
  return { timestamp, open, high, low, close, volume, ...(turnover === undefined ? undefined : { turnover }) }
}
