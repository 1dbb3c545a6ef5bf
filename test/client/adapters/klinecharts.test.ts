import t from 'tap'
import { createDataLoader } from '../../../src/client/adapters/klinecharts.ts'
import { market, until } from '../../fixture/market.ts'

type Loader = ReturnType<typeof createDataLoader>
type KLine = Parameters<Parameters<Loader['subscribeBar']>[0]['callback']>[0]

const MINUTE = { type: 'minute', span: 1 }

/** Loads bars as klinecharts does, and as it does passes over a bar that is older than the last. */
class Chart {
  data: KLine[] = []
  loads = 0
  more = false
  symbol = { ticker: 'BTCUSDT' }
  period = MINUTE
  loader!: Loader

  resetData (): void {
    this.loader.unsubscribeBar()
    this.load('init')
  }

  load (type: string, timestamp: number | null = null): void {
    const named = { symbol: this.symbol, period: this.period }
    this.loads++
    this.loader.getBars({
      type,
      timestamp,
      ...named,
      callback: (bars, more) => {
        this.more = more?.forward ?? false
        this.data = type === 'init' ? bars : [...bars, ...this.data]
        if (type === 'init') this.loader.subscribeBar({ ...named, callback: (bar) => { this.#take(bar) } })
      },
    }).catch((err: Error) => { throw err })
  }

  #take (bar: KLine): void {
    const last = this.data.at(-1)?.timestamp ?? 0
    if (bar.timestamp < last) return
    if (bar.timestamp === last) this.data.pop()
    this.data.push(bar)
  }
}

t.test('a chart has the bars of its key, those that come and those that are corrected, and older ones when it is scrolled back', async (t) => {
  const { client, trade, bars } = await market(t, 10)
  const chart = new Chart()
  chart.loader = createDataLoader(client, { chart, history: 4 })
  const equals = (from: number): boolean => JSON.stringify(chart.data) === JSON.stringify(bars().slice(from).map(({ time: timestamp, open, high, low, close, volume }) => ({ timestamp, open, high, low, close, volume })))
  chart.load('init')
  await until(() => equals(6))
  t.ok(chart.more)
  chart.load('forward', chart.data[0].timestamp)
  await until(() => equals(2))
  t.ok(chart.more)
  chart.load('forward', chart.data[0].timestamp)
  await until(() => equals(0))
  t.notOk(chart.more, 'there is nothing before')
  await trade(10)
  await trade(11)
  await until(() => equals(0))
  t.equal(chart.loads, 3)
  await trade(9, 12)
  await until(() => chart.loads === 4 && equals(6))
  await trade(12)
  await until(() => equals(6))
  t.equal(chart.loads, 4)
})

t.test('a bar has its turnover, if there is one', async (t) => {
  const { app, client } = await market(t, 0)
  await app.klineHub.ingest({ symbol: 'BTCUSDT', time: 0, open: 1, high: 1, low: 1, close: 1, volume: 2, turnover: 3 })
  const chart = new Chart()
  chart.loader = createDataLoader(client, { chart })
  chart.load('init')
  await until(() => chart.data.length === 1)
  t.match(chart.data, [{ turnover: 3 }])
})

t.test('a chart that goes to another key meanwhile gets the bars of that only', async (t) => {
  const { client, bars } = await market(t, 3)
  const chart = new Chart()
  chart.loader = createDataLoader(client, { chart })
  chart.load('init')
  chart.loader.unsubscribeBar()
  chart.period = { type: 'day', span: 1 }
  chart.load('init')
  await until(() => chart.data.length === 1)
  t.match(chart.data, [{ timestamp: 0, volume: bars('1d')[0].volume }])
})

t.test('a key that the server refuses has no bars, nor is there anything after the newest', async (t) => {
  const { client } = await market(t, 3)
  const chart = new Chart()
  chart.loader = createDataLoader(client, { chart })
  const asked: unknown[] = []
  const callback = (...answer: unknown[]): void => { asked.push(answer) }
  const bad = { symbol: { ticker: 'BTCUSDT' }, period: { type: 'minute', span: 7 } }
  await chart.loader.getBars({ ...bad, type: 'init', timestamp: null, callback })
  await chart.loader.getBars({ ...bad, type: 'forward', timestamp: 60_000, callback })
  await chart.loader.getBars({ ...bad, type: 'forward', timestamp: null, callback })
  await chart.loader.getBars({ ...bad, type: 'backward', timestamp: 60_000, callback })
  const none = { forward: false, backward: false }
  t.strictSame(asked, [[[], none], [[], none], [[]], [[]]])
  createDataLoader(client, { chart }).subscribeBar({ ...bad, callback })
  createDataLoader(client, { chart }).unsubscribeBar()
})
