import t from 'tap'
import { createDatafeed } from '../../../src/client/adapters/tradingview.ts'
import { market, until } from '../../fixture/market.ts'

type Datafeed = ReturnType<typeof createDatafeed>
type Tick = Parameters<Parameters<Datafeed['subscribeBars']>[2]>[0]

const SYMBOL = { name: 'BTCUSDT' }

/** Asks a datafeed as the library does, and as it does takes no bar that is older than the last. */
class Chart {
  data: Tick[] = []
  violations = 0
  resets = 0
  #stale = false
  readonly #feed: Datafeed
  readonly #resolution: string

  constructor (feed: Datafeed, resolution: string) {
    this.#feed = feed
    this.#resolution = resolution
  }

  async load (id: string): Promise<void> {
    this.data = await new Promise((resolve, reject) => {
      this.#feed.getBars(SYMBOL, this.#resolution, { to: 4e9, countBack: 5, firstDataRequest: true }, (bars) => { resolve(bars) }, reject)
    })
    this.#feed.subscribeBars(SYMBOL, this.#resolution, (tick) => { this.#take(tick) }, id, () => { this.#stale = true })
  }

  async resetData (): Promise<void> {
    if (!this.#stale) throw new Error('Expected onResetCacheNeeded before')
    this.#stale = false
    this.resets++
    this.#feed.unsubscribeBars(String(this.resets - 1))
    await this.load(String(this.resets))
  }

  #take (tick: Tick): void {
    const last = this.data.at(-1)?.time ?? 0
    if (tick.time < last) this.violations++
    if (tick.time === last) this.data.pop()
    this.data.push(tick)
  }
}

t.test('a chart has the bars of its symbol, those that come, and after a correction those that are read again', async (t) => {
  const { client, trade, bars } = await market(t, 10)
  const feed = createDatafeed(client, { resetData () { chart.resetData().catch((err: Error) => { throw err }) } })
  const chart = new Chart(feed, '1')
  const equals = (count: number): boolean => JSON.stringify(chart.data) === JSON.stringify(bars().slice(-count).map(({ time, open, high, low, close, volume }) => ({ time, open, high, low, close, volume })))
  await chart.load('0')
  t.ok(equals(5))
  await trade(10)
  await until(() => equals(6))
  t.equal(chart.resets, 0)
  await trade(8, 12)
  await until(() => chart.resets === 1 && equals(5))
  await trade(11)
  await until(() => equals(6))
  t.equal(chart.violations, 0)
  feed.unsubscribeBars('1')
  feed.unsubscribeBars('never')
})

t.test('bars that come between reading and subscribing are not lost', async (t) => {
  const { client, trade } = await market(t, 3)
  const feed = createDatafeed(client, { resetData () { t.fail('nothing to reset') } })
  await new Promise<void>((resolve, reject) => { feed.getBars(SYMBOL, '1', { to: 4e9, countBack: 2, firstDataRequest: true }, () => { resolve() }, reject) })
  await trade(3)
  await trade(4)
  const ticks: number[] = []
  feed.subscribeBars(SYMBOL, '1', ({ time }) => { ticks.push(time / 60_000) }, 'id', () => {})
  await until(() => ticks.length === 3)
  t.strictSame(ticks, [2, 3, 4])
})

t.test('a key of which nothing was read yet begins with what there is, and goes on with each update', async (t) => {
  const { client, trade } = await market(t, 1)
  const feed = createDatafeed(client, { resetData () {} })
  const ticks: number[] = []
  feed.subscribeBars({ name: 'Bitcoin', ticker: 'BTCUSDT' }, '1D', ({ time }) => { ticks.push(time) }, 'id', () => {})
  await until(() => ticks.length === 1)
  await trade(1)
  await until(() => ticks.length === 2)
  t.strictSame(ticks, [0, 0])
})

t.test('older bars are read as far as there are any, and an error is told', async (t) => {
  const { client } = await market(t, 3)
  const feed = createDatafeed(client, { resetData () {} })
  const read = async (resolution: string, to: number): Promise<unknown> => await new Promise((resolve) => {
    feed.getBars(SYMBOL, resolution, { to, countBack: 10_000, firstDataRequest: false }, (bars, meta) => { resolve([bars.length, meta]) }, resolve)
  })
  t.strictSame(await read('1', 120), [2, { noData: false }])
  t.strictSame(await read('1', 0), [0, { noData: true }])
  t.match(await read('7', 120), /period/)
  const first = await new Promise((resolve, reject) => { feed.getBars({ name: 'NONE' }, '1', { to: 1, countBack: 1, firstDataRequest: true }, resolve, reject) })
  t.strictSame(first, [])
})

t.test('a key that the server refuses ticks never', async (t) => {
  const { client } = await market(t, 1)
  const feed = createDatafeed(client, { resetData () {} })
  feed.subscribeBars(SYMBOL, '7', () => { t.fail('there is no such key') }, 'id', () => {})
  await until(() => client.state === 'live')
})

t.test('the library is told of symbols and periods', async (t) => {
  const { client } = await market(t, 0)
  const feed = createDatafeed(client, { resetData () {}, symbols: ['rb2601', 'rb2605', 'cu2601'], describe: (symbol) => ({ pricescale: symbol.length }) })
  t.match(await new Promise((resolve) => { feed.onReady(resolve) }), { supported_resolutions: ['1', '3', '5', '15', '30', '60', '120', '240', '360', '480', '720', '1D', '3D', '1W', '1M'] })
  t.match(await new Promise((resolve) => { feed.resolveSymbol('rb2601', resolve) }), { name: 'rb2601', ticker: 'rb2601', pricescale: 6, timezone: 'Etc/UTC', intraday_multipliers: ['1', '3', '5', '15', '30', '60', '120', '240', '360', '480', '720'] })
  t.match(await new Promise((resolve) => { feed.searchSymbols('RB', '', '', resolve) }), [{ symbol: 'rb2601', ticker: 'rb2601' }, { symbol: 'rb2605' }])
  const plain = createDatafeed(client, { resetData () {} })
  t.strictSame(await new Promise((resolve) => { plain.searchSymbols('', '', '', resolve) }), [])
  t.match(await new Promise((resolve) => { plain.resolveSymbol('rb2601', resolve) }), { pricescale: 100 })
})
