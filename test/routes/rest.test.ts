import t from 'tap'
import Fastify, { type FastifyInstance } from 'fastify'
import { klinePush, type MinuteBar } from '../../src/index.ts'
import { build } from '../fixture/build.ts'
import { connect } from '../fixture/client.ts'

const MONDAY = Date.UTC(2026, 0, 5)

function minute (place: number, given: Partial<MinuteBar> = {}): MinuteBar {
  return { symbol: 'rb2601', time: MONDAY + place * 60_000, open: 10, high: 12, low: 9, close: 11, volume: 5, ...given }
}

async function post (app: FastifyInstance, payload: unknown) {
  const response = await app.inject({ method: 'POST', url: '/bars', headers: { 'content-type': 'application/json' }, body: JSON.stringify(payload) })
  return { status: response.statusCode, body: response.json() }
}

async function get (app: FastifyInstance, url: string) {
  const response = await app.inject(url)
  return { status: response.statusCode, body: response.json() }
}

t.test('one bar or an array of bars is answered with counts', async (t) => {
  const app = await build(t)
  t.strictSame(await post(app, minute(0)), { status: 200, body: { accepted: 1, duplicates: 0, revised: 0 } })
  t.strictSame(await post(app, [minute(0), minute(1), minute(0, { volume: 6 })]), { status: 200, body: { accepted: 1, duplicates: 1, revised: 1 } })
})

t.test('10,000 bars are taken, 10,001 and none are refused', async (t) => {
  const app = await build(t)
  const bars = Array.from({ length: 10_001 }, (_, place) => minute(place))
  t.match(await post(app, bars), { status: 400, body: { code: 'KLP_ERR_BATCH', message: /an array of 10001/ } })
  t.match(await post(app, []), { status: 400, body: { code: 'KLP_ERR_BATCH', message: /an array of 0/ } })
  t.strictSame((await get(app, '/symbols')).body, { symbols: [] })
  t.match(await post(app, bars.slice(1)), { status: 200, body: { accepted: 10_000 } })
})

t.test('a bad bar is refused with its index, the field and the value', async (t) => {
  const app = await build(t)
  const { close, ...withoutClose } = minute(1)
  const cases: [unknown, RegExp][] = [
    [minute(1, { symbol: 'a b' }), /^bar 1: .*`symbol`.*`"a b"` \(string\)/],
    [minute(1, { symbol: '' }), /^bar 1: .*`symbol`.*`""`/],
    [minute(1, { symbol: 'x'.repeat(65) }), /^bar 1: .*`symbol`/],
    [minute(1, { time: MONDAY + 1 }), /^bar 1: .*`time`.*1767571200001/],
    [minute(1, { time: -60_000 }), /^bar 1: .*`time`.*`-60000`/],
    [{ ...minute(1), time: String(MONDAY) }, /^bar 1: .*`time`.*\(string\)/],
    [{ ...minute(1), open: '10' }, /^bar 1: .*`open`.*`"10"` \(string\)/],
    [{ ...minute(1), high: null }, /^bar 1: .*`high`.*`null`/],
    [withoutClose, /^bar 1: .*`close`.*nothing/],
    [minute(1, { volume: -1 }), /^bar 1: .*`volume`.*`-1`/],
    [minute(1, { low: 10.5 }), /^bar 1: .*`low`.*\(10\).*`10.5`/],
    [minute(1, { high: 10.5 }), /^bar 1: .*`high`.*\(11\).*`10.5`/],
    [{ ...minute(1), turnover: 'x' }, /^bar 1: .*`turnover`.*`"x"`/],
    [{ ...minute(1), closed: true }, /^bar 1: .*no field `closed`.*`true`/],
    [null, /^bar 1: Expected a bar, got `null`/],
    [[minute(1)], /^bar 1: Expected a bar, got .*\(array\)/],
  ]
  for (const [bad, message] of cases) t.match(await post(app, [minute(0), bad, minute(2)]), { status: 400, body: { code: 'KLP_ERR_BAR', message } })
  t.match(await post(app, { ...minute(1), low: 20 }), { status: 400, body: { code: 'KLP_ERR_BAR', message: /^bar 0: .*`low`/ } })
  t.equal(close, 11)
})

t.test('a batch with a bad bar is refused as a whole: nothing is kept and nothing is pushed', async (t) => {
  const app = await build(t)
  const client = await connect(t, app)
  client.send({ op: 'subscribe', args: ['rb2601.1m'] })
  await client.take(2)
  t.match(await post(app, [minute(0), minute(1, { volume: -1 })]), { status: 400 })
  t.strictSame((await get(app, '/symbols')).body, { symbols: [] })
  t.strictSame(await client.rest(), [])
})

t.test('what is not JSON, or too long, is refused', async (t) => {
  const app = await build(t, { maxBodyBytes: 300 })
  const headers = { 'content-type': 'application/json' }
  t.equal((await app.inject({ method: 'POST', url: '/bars', headers, body: '{nope' })).statusCode, 400)
  t.equal((await app.inject({ method: 'POST', url: '/bars', headers, body: `[${' '.repeat(400)}]` })).statusCode, 413)
  t.equal((await app.inject({ method: 'POST', url: '/bars', headers: { 'content-type': 'text/csv' }, body: 'a,b' })).statusCode, 415)
})

t.test('klines are the newest bars, ascending, unless a range is asked for', async (t) => {
  const app = await build(t, { maxBarsPerQuery: 20 })
  await post(app, Array.from({ length: 30 }, (_, place) => minute(place)))
  async function places (query: string): Promise<number[]> {
    const { body } = await get(app, `/klines?symbol=rb2601&${query}`)
    return body.bars.map(({ time }: { time: number }) => (time - MONDAY) / 60_000)
  }
  t.strictSame(await places('period=5m'), [0, 5, 10, 15, 20, 25])
  t.strictSame(await places('period=5m&limit=2'), [20, 25])
  t.strictSame(await places(`period=1m&start=${MONDAY + 240_000}&limit=3`), [4, 5, 6])
  t.strictSame(await places(`period=1m&start=${MONDAY + 240_000}&end=${MONDAY + 360_000}`), [4, 5])
  t.strictSame(await places(`period=1m&end=${MONDAY + 360_000}&limit=2`), [4, 5])
  t.strictSame(await places(`period=1m&start=${MONDAY}&end=${MONDAY}`), [])
  t.equal((await places('period=1m')).length, 20)
  t.strictSame((await get(app, '/klines?symbol=unknown&period=1d')).body.bars, [])
})

t.test('klines say where the key stands in its stream, and the last bar may be open', async (t) => {
  const app = await build(t)
  await post(app, Array.from({ length: 6 }, (_, place) => minute(place)))
  const bar = { time: MONDAY, open: 10, high: 12, low: 9, close: 11, volume: 25, closed: true, revision: 0 }
  t.strictSame((await get(app, '/klines?symbol=rb2601&period=5m')).body, {
    key: 'rb2601.5m',
    epoch: app.klineHub.health().epoch,
    seq: 1,
    bars: [bar, { ...bar, time: MONDAY + 300_000, volume: 5, closed: false }],
  })
})

t.test('a bad query is refused with the parameter and the value', async (t) => {
  const app = await build(t, { maxBarsPerQuery: 20, periods: ['5m'] })
  const cases: [string, RegExp][] = [
    ['period=5m', /`symbol`.*nothing/],
    ['symbol=a%20b&period=5m', /`symbol`.*`"a b"`/],
    ['symbol=a', /`period`.*1m 5m.*nothing/],
    ['symbol=a&period=3m', /`period`.*`"3m"`/],
    ['symbol=a&period=5m&limit=0', /`limit`.*from 1 to 20.*`0`/],
    ['symbol=a&period=5m&limit=21', /`limit`.*`21`/],
    ['symbol=a&period=5m&limit=1.5', /`limit`.*`"1.5"`/],
    ['symbol=a&period=5m&start=yesterday', /`start`.*`"yesterday"`/],
    ['symbol=a&period=5m&end=', /`end`.*`""`/],
    ['symbol=a&period=5m&start=2&end=1', /`start`.*at most `end` \(1\).*`2`/],
    ['symbol=a&symbol=b&period=5m', /`symbol`.*\(array\)/],
    ['symbol=a&period=5m&interval=1', /`interval`.*no such parameter/],
  ]
  for (const [query, message] of cases) t.match(await get(app, `/klines?${query}`), { status: 400, body: { code: 'KLP_ERR_QUERY', message } }, query)
})

t.test('symbols tell the first and the last minute and the last close', async (t) => {
  const app = await build(t)
  await post(app, [minute(0), minute(5, { close: 12 }), minute(1, { symbol: 'SHFE.au' })])
  const { symbols } = (await get(app, '/symbols')).body
  t.strictSame(new Set(symbols), new Set([
    { symbol: 'rb2601', firstTime: MONDAY, lastTime: MONDAY + 300_000, lastClose: 12 },
    { symbol: 'SHFE.au', firstTime: MONDAY + 60_000, lastTime: MONDAY + 60_000, lastClose: 11 },
  ]))
})

t.test('health tells what is held', async (t) => {
  const app = await build(t)
  await post(app, minute(0))
  const client = await connect(t, app)
  await client.ask({ op: 'subscribe', args: ['a.1m', 'b.1m'] })
  t.match((await get(app, '/health')).body, { status: 'ok', epoch: /./, symbols: 1, connections: 1, keys: 2, pid: process.pid })
})

t.test('the prefix goes before every path', async (t) => {
  const app = await build(t, { prefix: '/kline' })
  t.equal((await app.inject({ method: 'POST', url: '/kline/bars', payload: minute(0) })).statusCode, 200)
  for (const path of ['/klines?symbol=rb2601&period=1m', '/symbols', '/health']) {
    t.equal((await app.inject(`/kline${path}`)).statusCode, 200)
    t.equal((await app.inject(path)).statusCode, 404)
  }
  const client = await connect(t, app, '/kline/ws')
  t.match(await client.ask({ op: 'ping' }), { type: 'pong' })
})

t.test('once the application has closed, bars are refused', async (t) => {
  const app = Fastify()
  await app.register(klinePush)
  await app.ready()
  await app.close()
  await t.rejects(app.klineHub.ingest(minute(0)), { code: 'KLP_ERR_CLOSED', statusCode: 503 })
})

t.test('a watermark closes bars and says how many', async (t) => {
  const app = await build(t)
  await post(app, [minute(0), minute(0, { symbol: 'SHFE.au' })])
  const mark = async (payload: object) => {
    const response = await app.inject({ method: 'POST', url: '/watermarks', payload })
    return { status: response.statusCode, body: response.json() }
  }
  t.strictSame(await mark({ time: MONDAY + 300_000, symbols: ['SHFE.au'] }), { status: 200, body: { closed: 2 } })
  t.strictSame(await mark({ time: MONDAY + 300_000 }), { status: 200, body: { closed: 2 } })
  t.strictSame(await mark({ time: MONDAY }), { status: 200, body: { closed: 0 } })
  t.match(await mark({ time: MONDAY + 1 }), { status: 400, body: { statusCode: 400, code: 'KLP_ERR_WATERMARK', error: 'Bad Request', message: /`time`.*`1767571200001`/ } })
  t.match(await mark([]), { status: 400, body: { code: 'KLP_ERR_WATERMARK' } })
  t.match((await get(app, '/klines?symbol=SHFE.au&period=5m')).body, { seq: 1, bars: [{ closed: true }] })
})

t.test('an import fills the bars and answers as /bars does', async (t) => {
  const app = await build(t)
  const send = async (payload: object) => {
    const response = await app.inject({ method: 'POST', url: '/imports', payload })
    return { status: response.statusCode, body: response.json() }
  }
  t.strictSame(await send([minute(0), minute(1), minute(0)]), { status: 200, body: { accepted: 2, duplicates: 1, revised: 0 } })
  t.strictSame(await send(minute(1, { close: 10 })), { status: 200, body: { accepted: 0, duplicates: 0, revised: 1 } })
  t.match(await send([minute(0), { ...minute(1), volume: '1' }]), { status: 400, body: { code: 'KLP_ERR_BAR', message: /^bar 1: .*`volume`.*`"1"`/ } })
  t.match(await send([]), { status: 400, body: { code: 'KLP_ERR_BATCH' } })
  t.match((await get(app, '/klines?symbol=rb2601&period=1m')).body, { seq: 2, bars: [{ revision: 0 }, { revision: 1, close: 10 }] })
})

t.test('only JSON is taken for bars', async (t) => {
  const app = await build(t)
  for (const url of ['/bars', '/imports', '/watermarks']) {
    for (const headers of [{}, { 'content-type': 'text/plain' }]) {
      const response = await app.inject({ method: 'POST', url, headers, payload: JSON.stringify([minute(0)]) })
      t.match([response.statusCode, response.json()], [415, { code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE' }])
    }
  }
})

t.test('a body nested deeper than any stack is refused like any other', async (t) => {
  const app = await build(t)
  const deep = '['.repeat(100_000) + ']'.repeat(100_000)
  for (const [url, code] of [['/bars', 'KLP_ERR_BAR'], ['/imports', 'KLP_ERR_BAR'], ['/watermarks', 'KLP_ERR_WATERMARK']]) {
    const response = await app.inject({ method: 'POST', url, headers: { 'content-type': 'application/json' }, payload: deep })
    t.equal(response.statusCode, 400)
    t.match(response.json(), { code })
  }
  const [text, number] = await Promise.all(['"bars"', '5'].map(async (payload) => await app.inject({ method: 'POST', url: '/bars', headers: { 'content-type': 'application/json' }, payload })))
  t.match(text.json(), { code: 'KLP_ERR_BATCH', message: /got `"bars"` \(string\)/ })
  t.match(number.json(), { code: 'KLP_ERR_BATCH', message: /got `5` \(number\)/ })
})
