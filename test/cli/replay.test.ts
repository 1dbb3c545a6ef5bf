import t, { type Test } from 'tap'
import { join } from 'node:path'
import { replay, type ReplayOptions } from '../../src/cli/replay.ts'
import { serve } from '../../src/serve.ts'
import { Collect } from '../fixture/collect.ts'

const HEADER = 'symbol,time,open,high,low,close,volume'
const TIME = Date.UTC(2026, 0, 5, 1)

function row (index: number, symbol = 'rb2601'): string {
  return `${symbol},${TIME + index * 60_000},1,3,1,2,5`
}

/** A server, a file of these lines, and what a replay of it needs; every request's bars are kept in `posted`. */
async function start (t: Test, lines: string[]) {
  const app = await serve({ host: '127.0.0.1', port: 0, logger: false })
  t.teardown(async () => { await app.close() })
  const file = join(t.testdir({ 'bars.csv': `${[HEADER, ...lines].join('\n')}\n` }), 'bars.csv')
  const out = new Collect()
  const err = new Collect()
  const posted: { symbol: string, time: number }[][] = []
  const recordingFetch: typeof fetch = async (url, init) => {
    posted.push(JSON.parse(String(init?.body)))
    return await fetch(url, init)
  }
  const options: ReplayOptions = { file, speed: 0, to: app.listeningOrigin, out, err, fetch: recordingFetch, signal: new AbortController().signal }
  return { app, options, out, err, posted }
}

t.test('a file goes to the server in batches of up to 500 rows that keep minutes whole', async (t) => {
  const lines = Array.from({ length: 400 }, (_, i) => [row(i), row(i, 'hc2601'), row(i, 'i2601')]).flat()
  const { app, options, out, err, posted } = await start(t, lines)
  t.strictSame(await replay(options), { accepted: 1200, duplicates: 0, revised: 0, bad: 0 })
  t.strictSame(posted.map((bars) => bars.length), [498, 498, 204])
  t.equal(app.klineHub.klines({ symbol: 'hc2601', period: '1m' }).bars.length, 400)
  t.equal(out.text, '1200 accepted, 0 duplicates, 0 revised\n')
  t.equal(err.text, '')
})

t.test('what the server had before counts as duplicates, and corrections as revised', async (t) => {
  const { app, options } = await start(t, [row(0), row(1)])
  await app.klineHub.ingest([0, 1].map((i) => ({ symbol: 'rb2601', time: TIME + i * 60_000, open: 1, high: 3, low: 1, close: 2, volume: 5 + i })))
  t.strictSame(await replay(options), { accepted: 0, duplicates: 1, revised: 1, bad: 0 })
})

t.test('bad rows are named by line and counted; the others are sent', async (t) => {
  const bad = [row(1).replace(',3,', ',x,'), row(2).replace(',5', ''), row(3).replace('2601', ' 2601'), `${row(4)},6`]
  const { options, out, err } = await start(t, [row(0), ...bad, '', row(5)])
  t.match(await replay(options), { accepted: 2, bad: 4 })
  t.strictSame(err.text.match(/^line \d+/gm), ['line 3', 'line 4', 'line 5', 'line 6'])
  t.match(err.text, /line 3: Expected `high` to be a finite number, got `"x"`/)
  t.match(out.text, /, 4 bad\n$/)
})

t.test('a row that the server refuses is found in its batch; the others are sent', async (t) => {
  const { app, options, err } = await start(t, [row(7000), row(0), row(7001)])
  const minutes = Array.from({ length: 7000 }, (_, i) => ({ symbol: 'rb2601', time: TIME + i * 60_000, open: 1, high: 3, low: 1, close: 2, volume: 5 }))
  await app.klineHub.ingest(minutes)
  t.match(await replay(options), { accepted: 2, bad: 1 })
  t.match(err.text, /^line 3: Expected `time` to be within the bars/)
})

t.test('a 503 and a refused connection are tried again', async (t) => {
  const { options, posted } = await start(t, [row(0)])
  let tries = 0
  const shakyFetch: typeof fetch = async (url, init) => {
    tries++
    if (tries === 1) return new Response('{"message":"closing"}', { status: 503 })
    if (tries === 2) throw new TypeError('fetch failed', { cause: Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }) })
    return await options.fetch(url, init)
  }
  t.match(await replay({ ...options, fetch: shakyFetch, pause: async () => {} }), { accepted: 1, bad: 0 })
  t.equal(tries, 3)
  t.equal(posted.length, 1)
})

t.test('a server that stays away is given up', async (t) => {
  const { app, options } = await start(t, [row(0)])
  await app.close()
  await t.rejects(replay({ ...options, patienceMs: 0 }), { message: /could not be reached \(ECONNREFUSED\) for 0 s; gave up/ })
})

t.test('at a speed each minute is one request, at its time', async (t) => {
  const { options, posted } = await start(t, [row(0), row(0, 'hc2601'), row(1), row(3)])
  const dues: number[] = []
  t.match(await replay({ ...options, speed: 20, pause: async (due) => { dues.push(due) } }), { accepted: 4 })
  t.strictSame(posted.map((bars) => bars.length), [2, 1, 1])
  t.strictSame(dues.map((due) => Math.round(due - dues[0])), [0, 50, 150], 'twenty minutes per second, however long the requests took')
})

t.test('an interrupted replay says how far it came', async (t) => {
  const { options, out } = await start(t, [row(0), row(1000), row(2000)])
  const controller = new AbortController()
  let pauses = 0
  const pause = async () => { if (++pauses === 2) controller.abort() }
  t.match(await replay({ ...options, speed: 1, signal: controller.signal, pause }), { accepted: 1 })
  t.equal(out.text, '1 accepted, 0 duplicates, 0 revised\n')
})

t.test('a server that fails in the middle ends the replay with its words, after what was accepted', async (t) => {
  const { options, out, posted } = await start(t, [row(0), row(1)])
  const failing: typeof fetch = async (url, init) => posted.length === 1 ? new Response('{"message":"a bug"}', { status: 500 }) : await options.fetch(url, init)
  await t.rejects(replay({ ...options, speed: 1, pause: async () => {}, fetch: failing }), { message: `${options.to}/bars answered 500: a bug` })
  t.equal(out.text, '1 accepted, 0 duplicates, 0 revised\n')
})

t.test('the address may have a path, and may name /bars itself', async (t) => {
  const { options } = await start(t, [row(0)])
  const urls: string[] = []
  const noting: typeof fetch = async (url, init) => {
    urls.push(String(url))
    return await options.fetch(options.to + '/bars', init)
  }
  for (const path of ['', '/', '/bars', '/bars/', '/kline', '/kline/']) await replay({ ...options, to: `http://127.0.0.1:1${path}`, fetch: noting })
  t.strictSame(urls.map((url) => new URL(url).pathname), ['/bars', '/bars', '/bars', '/bars/', '/kline/bars', '/kline/bars'])
})

t.test('a header that lacks a column, and an address that is none, are errors', async (t) => {
  const { options } = await start(t, [])
  await t.rejects(replay({ ...options, to: 'nowhere' }), { message: /Expected a URL/ })
  const file = join(t.testdir({ 'bars.csv': 'symbol,time\n' }), 'bars.csv')
  await t.rejects(replay({ ...options, file }), { message: /it lacks open,high,low,close,volume/ })
})

t.test('a terminal gets a bar with rate and time left', async (t) => {
  const { options } = await start(t, [row(0), row(1), 'x'])
  const terminal = new Collect()
  const err = Object.assign(terminal, { isTTY: true, columns: 120 })
  await replay({ ...options, err })
  t.match(terminal.text, /2 rows .* rows\/s .* left/)
  t.match(terminal.text, /line 4: Expected 7 fields, got 1\n/)
})
