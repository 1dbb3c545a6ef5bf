import t from 'tap'
import { copyFile, cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runBuilt } from './fixture/child.ts'
import { ROOT, tsc } from './fixture/compile.ts'
import { pluginExamples } from './fixture/readme.ts'

t.setTimeout(240_000)

// What must compile, and behind @ts-expect-error what must not.
const CONSUMER = `
import klinePush, { type Bar, type BarFrame, ERRORS, klinePush as named, type KlinePushOptions, type Period } from 'kline-push'
import Fastify from 'fastify'

const options: KlinePushOptions = { dataDir: './data', periods: ['1m', '1d'], heartbeatMs: 1000 }
const app = Fastify()
app.register(klinePush, options)
app.register(named, { prefix: '/kline' })
app.register(klinePush)
app.register(klinePush, {
  authenticate: (request) => request.headers.cookie === undefined ? undefined : { id: request.ip, plan: 'free' },
  verifyToken: async (token) => ({ id: token, expiresAt: 0 }),
  authorize: ({ id, plan }, key) => plan === 'paid' || key.startsWith(id),
})
// @ts-expect-error an identity has an id
app.register(klinePush, { verifyToken: () => ({ name: 'ann' }) })
// @ts-expect-error there is no such option
app.register(klinePush, { maxKeys: 1 })
// @ts-expect-error a number of milliseconds is a number
app.register(klinePush, { heartbeatMs: '1000' })
// @ts-expect-error there is no such period
app.register(klinePush, { periods: ['7m'] })

const minute = { symbol: 'rb2601', time: 0, open: 1, high: 3, low: 1, close: 2, volume: 5 }
app.klineHub.ingest(minute).then(({ accepted, duplicates, revised }) => accepted + duplicates + revised)
app.klineHub.ingest([{ ...minute, turnover: 10, trades: 1, openInterest: 7 }])
// @ts-expect-error prices are numbers
app.klineHub.ingest({ ...minute, close: '2' })
// @ts-expect-error a minute has no such field
app.klineHub.ingest({ ...minute, closed: true })
// @ts-expect-error a minute has a volume
app.klineHub.ingest({ symbol: 'rb2601', time: 0, open: 1, high: 3, low: 1, close: 2 })

const bars: Bar[] = []
const stop: () => void = app.klineHub.subscribe('rb2601.5m', ({ key, seq, bar }) => {
  const number: number | undefined = seq
  const text: string = key
  bars.push(bar)
  // @ts-expect-error a bar has no such field
  return [number, text, bar.price]
})
// @ts-expect-error a key is a string
app.klineHub.subscribe(['rb2601.5m'], () => {})

const period: Period = '1M'
const klines = app.klineHub.klines({ symbol: 'rb2601', period, limit: 10 })
const closed: boolean = klines.bars[0].closed
// @ts-expect-error there is no such period
app.klineHub.klines({ symbol: 'rb2601', period: '1y' })

export const status: 503 = ERRORS.KLP_ERR_CLOSED.statusCode
export type Frame = BarFrame
export { closed, stop }
`

// The client in a browser: no types of Node.
const PAGE = `
import { CandlestickSeries, createChart, HistogramSeries } from 'lightweight-charts'
import { init } from 'klinecharts'
import { type Bar, connect, KlineClientError, type Series, type SeriesChange } from 'kline-push/client'
import { draw } from 'kline-push/client/lightweight-charts'
import { createDataLoader } from 'kline-push/client/klinecharts'
import { createDatafeed } from 'kline-push/client/tradingview'

const client = connect('/ws', { token: async () => 'secret', closedOnly: true, WebSocket })
// @ts-expect-error there is no such option
connect('/ws', { heartbeatMs: 1 })
client.on('state', ({ state, retryMs = 0 }) => {
  const known: 'connecting' | 'catching-up' | 'live' | 'stale' | 'closed' = state
  return [known, retryMs + 1]
})
// @ts-expect-error there is no such event
client.on('states', () => {})
const series: Series = client.series('rb2601.5m', { history: 200, limit: 1000 })
// @ts-expect-error the bars are not to be changed
series.bars.push()
series.on('change', (change: SeriesChange) => change.type === 'reset' ? undefined : change.bar.close)
const stop: () => void = client.subscribe('rb2601.5m', ({ bar }) => bar.closed, { onError: ({ code }) => code === 'SLOW_CONSUMER' })
export async function read (signal: AbortSignal): Promise<Bar[]> {
  const bars: Bar[] = []
  for await (const bar of client.klines('rb2601.5m', { history: 200, signal })) bars.push(bar)
  return bars.concat(await client.read({ key: 'rb2601.5m', limit: 10 }))
}

const drawn = createChart('drawn')
draw(series, { candles: drawn.addSeries(CandlestickSeries), volumes: drawn.addSeries(HistogramSeries) })
const chart = init('chart')
if (chart !== null) chart.setDataLoader(createDataLoader(client, { chart }))
createDatafeed(client, { resetData: () => {} })
export { KlineClientError, stop }
`

const CHECK = {
  compilerOptions: {
    strict: true,
    noEmit: true,
    target: 'ES2022',
    module: 'NodeNext',
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: false,
    skipLibCheck: false,
    types: ['node'],
  },
}

t.test('a built package', async (t) => {
  const directory = t.testdir()
  const installed = join(directory, 'node_modules/kline-push')
  await mkdir(installed, { recursive: true })
  await tsc('-p', join(ROOT, 'tsconfig.build.json'), '--outDir', join(installed, 'dist'))
  await copyFile(join(ROOT, 'package.json'), join(installed, 'package.json'))
  await cp(join(ROOT, 'dist/page'), join(installed, 'dist/page'), { recursive: true })
  await writeFile(join(directory, 'package.json'), '{"name":"consumer","type":"module"}')
  const { bin, scripts } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as { bin: Record<string, string>, scripts: Record<string, string> }

  await t.test('has types that a strict consumer can rely on', async (t) => {
    await writeFile(join(directory, 'consumer.ts'), CONSUMER)
    const examples = pluginExamples().map((text, place) => ({ text, name: `example-${place}.ts` }))
    for (const { text, name } of examples) await writeFile(join(directory, name), text)
    await writeFile(join(directory, 'tsconfig.json'), JSON.stringify({ ...CHECK, files: ['consumer.ts', ...examples.map(({ name }) => name)] }))
    t.equal(await tsc('-p', directory).catch((err: { stdout: string }) => err.stdout), undefined)
  })

  await t.test('has a client with types for browsers', async (t) => {
    const page = join(directory, 'page')
    await mkdir(page)
    await writeFile(join(page, 'page.ts'), PAGE)
    await writeFile(join(page, 'tsconfig.json'), JSON.stringify({ compilerOptions: { ...CHECK.compilerOptions, module: 'ESNext', moduleResolution: 'bundler', lib: ['ES2023', 'DOM', 'DOM.Iterable'], types: [] }, files: ['page.ts'] }))
    t.equal(await tsc('-p', page).catch((err: { stdout: string }) => err.stdout), undefined)
  })

  await t.test('has a client that works without a WebSocket of the platform', async (t) => {
    await writeFile(join(directory, 'client.mjs'), `
      import { connect } from 'kline-push/client'
      const client = connect('ws://127.0.0.1:1/ws')
      client.on('state', ({ code, reason }) => {
        if (code !== undefined) console.log(code, reason)
        client.close()
      })
    `)
    const child = runBuilt(t, join(directory, 'client.mjs'))
    t.strictSame(await child.ended, { code: 0, signal: null }, child.err)
    t.equal(child.out, '1006 ECONNREFUSED\n')
  })

  await t.test('can be imported and required', async (t) => {
    const use = 'console.log(typeof klinePush, klinePush === byDefault)'
    await writeFile(join(directory, 'import.mjs'), `import byDefault, { klinePush } from 'kline-push'\n${use}\n`)
    await writeFile(join(directory, 'require.cjs'), `const { default: byDefault, klinePush } = require('kline-push')\n${use}\n`)
    for (const file of ['import.mjs', 'require.cjs']) {
      const child = runBuilt(t, join(directory, file))
      t.strictSame(await child.ended, { code: 0, signal: null }, child.err)
      t.equal(child.out, 'function true\n', file)
    }
  })

  await t.test('has a server that npm start runs', async (t) => {
    const [, path] = /^exec node (\S+)$/.exec(scripts.start) ?? []
    const child = runBuilt(t, join(installed, path), { env: { HOST: '127.0.0.1', PORT: '0', DATA_DIR: join(directory, 'data'), LOG_LEVEL: 'info' } })
    const [, url] = await child.says(/listening at (http:[^"]+)/)
    t.match(await (await fetch(`${url}/health`)).json(), { status: 'ok' })
    t.match(await (await fetch(`${url}/`)).text(), 'src="page.js"')
    child.kill('SIGTERM')
    t.strictSame(await child.ended, { code: 0, signal: null }, child.err)
  })

  await t.test('has a command', async (t) => {
    const path = join(installed, bin['kline-push'])
    t.match(await readFile(path, 'utf8'), /^#!\/usr\/bin\/env node\n/)
    const child = runBuilt(t, path, { args: ['--help'] })
    t.strictSame(await child.ended, { code: 0, signal: null })
    t.match(child.out, /^Usage: kline-push /)
  })
})
