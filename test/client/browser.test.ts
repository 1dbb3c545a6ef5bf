import t, { type Test } from 'tap'
import Fastify, { type FastifyInstance } from 'fastify'
import type { AddressInfo } from 'node:net'
import { type Bar, klinePush } from '../../src/index.ts'
import { comesToHave, NO_BROWSER, serveProject, startBrowser } from '../fixture/browser.ts'
import { minute } from '../fixture/minutes.ts'

t.setTimeout(180_000)

const MINUTE = 60_000
const START = Date.UTC(2026, 0, 5)

interface Market { port: number, trade (place: number, close?: number): Promise<void>, bars (): Bar[], restart (): Promise<void> }

/** A server on a data directory of its own, with the first ten minutes of rb2601, that can be stopped and started again. */
async function startMarket (t: Test): Promise<Market> {
  const dataDir = t.testdir()
  const start = async (port: number): Promise<FastifyInstance> => {
    const app = Fastify()
    await app.register(klinePush, { dataDir, closeGraceMs: 'off', origins: ['*'] })
    await app.listen({ host: '127.0.0.1', port })
    return app
  }
  let app = await start(0)
  t.teardown(() => app.close())
  const { port } = app.server.address() as AddressInfo
  const trade = async (place: number, close = 10): Promise<void> => { await app.klineHub.ingest(minute(START + place * MINUTE, { symbol: 'rb2601', close })) }
  for (let place = 0; place < 10; place++) await trade(place)
  return {
    port,
    trade,
    bars: () => app.klineHub.klines({ symbol: 'rb2601', period: '1m', limit: 5000 }).bars,
    async restart () {
      await app.close()
      app = await start(port)
    },
  }
}

/** What goes on at the server while a page shows its bars; after each step the page has to equal it. */
async function unfold (market: Market, equal: (step: string) => Promise<void>): Promise<void> {
  await equal('at first')
  await market.trade(10)
  await market.trade(11, 11)
  await equal('new bars')
  await market.trade(5, 12)
  await equal('an older bar is corrected')
  await market.trade(20)
  await market.trade(15)
  await equal('a late bar')
  await market.restart()
  await market.trade(21)
  await market.trade(3, 9)
  await equal('the server was restarted')
}

t.test('in a browser', { skip: NO_BROWSER }, async (t) => {
  const browser = await startBrowser(t)
  const origin = await serveProject(t)

  await t.test('a client follows its keys, whatever happens to the server', async (t) => {
    const market = await startMarket(t)
    const page = await browser.open(`${origin}/blank.html`)
    await page.addScriptTag({
      type: 'module',
      content: `
      import { connect } from '/dist/src/client/index.js'
      const client = connect('ws://127.0.0.1:${market.port}/ws', { firstRetryMs: 100 })
      const told = new Map()
      globalThis.example = { client, told, series: client.series('rb2601.1m', { history: 100 }) }
      for await (const bar of client.klines('rb2601.1m', { history: 100 })) told.set(bar.time, bar)
    `
    })
    await unfold(market, async (step) => {
      t.strictSame(await comesToHave(page, 'globalThis.example?.series.bars', market.bars()), market.bars(), step)
      t.strictSame(await comesToHave(page, '[...globalThis.example?.told.values() ?? []].sort((a, b) => a.time - b.time)', market.bars()), market.bars(), `${step}, one by one`)
    })
    t.equal(await page.evaluate('example.client.state'), 'live')
  })

  await t.test('the example for lightweight-charts draws what the server has', async (t) => {
    const market = await startMarket(t)
    const page = await browser.open(`${origin}/examples/lightweight-charts.html?key=rb2601.1m&url=ws://127.0.0.1:${market.port}/ws`)
    await unfold(market, async (step) => {
      const candles = market.bars().map(({ time, open, high, low, close }) => ({ time: time / 1000, open, high, low, close }))
      t.strictSame(await comesToHave(page, 'globalThis.example?.candles.data()', candles), candles, step)
      t.equal(await page.evaluate('example.volumes.data().length'), candles.length)
    })
  })

  await t.test('the example for klinecharts draws what the server has', async (t) => {
    const market = await startMarket(t)
    const page = await browser.open(`${origin}/examples/klinecharts.html?ticker=rb2601&url=ws://127.0.0.1:${market.port}/ws`)
    await unfold(market, async (step) => {
      const bars = market.bars().map(({ time: timestamp, open, high, low, close, volume }) => ({ timestamp, open, high, low, close, volume }))
      t.strictSame(await comesToHave(page, 'globalThis.example?.chart.getDataList()', bars), bars, step)
    })
  })

  await t.test('the example for TradingView gives its library what the server has', async (t) => {
    const market = await startMarket(t)
    const page = await browser.open(`${origin}/examples/tradingview.html?symbol=rb2601&url=ws://127.0.0.1:${market.port}/ws`)
    await unfold(market, async (step) => {
      const bars = market.bars().map(({ time, open, high, low, close, volume }) => ({ time, open, high, low, close, volume }))
      t.strictSame(await comesToHave(page, 'globalThis.example?.widget.data', bars), bars, step)
    })
    t.ok(await page.evaluate('example.widget.resets') as number > 0)
  })

  t.strictSame(browser.problems.filter((problem) => !/WebSocket|ERR_CONNECTION/.test(problem)), [])
})
