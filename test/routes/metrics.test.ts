import t from 'tap'
import type { KlinePushOptions } from '../../src/index.ts'
import { addressOf, build } from '../fixture/build.ts'
import { connect } from '../fixture/client.ts'
import { readExposition, valueOf } from '../fixture/exposition.ts'
import { refusedUpgrade } from '../fixture/upgrade.ts'

const MINUTE = { symbol: 'a', time: 0, open: 10, high: 12, low: 9, close: 11, volume: 5 }

t.test('there are no metrics unless they are asked for', async (t) => {
  const app = await build(t)
  t.equal((await app.inject('/metrics')).statusCode, 404)
})

t.test('Prometheus reads what the hub has counted, and a page reads the same as JSON', async (t) => {
  const app = await build(t, { metrics: true, prefix: '/kline', closeGraceMs: 'off' })
  const client = await connect(t, app, '/kline/ws')
  client.send({ op: 'subscribe', args: ['a.1m', 'a.5m', 'b.1m'] })
  await client.take(4)
  for (const time of [0, 0, 60_000]) await app.inject({ method: 'POST', url: '/kline/bars', payload: { ...MINUTE, time } })
  await app.inject({ method: 'POST', url: '/kline/bars', payload: [] })
  await client.take(4)
  await client.ask('{')

  const response = await app.inject('/kline/metrics')
  t.match(response.headers['content-type'], /^text\/plain; version=0\.0\.4/)
  const expected = {
    connections: 1,
    keys: 3,
    symbols: 1,
    waiting_bytes: 0,
    workers: 1,
    silent_workers: 0,
    'minutes_total{route="bars",outcome="accepted"}': 2,
    'minutes_total{route="bars",outcome="duplicates"}': 1,
    'minutes_total{route="imports",outcome="accepted"}': 0,
    'refused_posts_total{code="KLP_ERR_BATCH"}': 1,
    'refused_frames_total{code="BAD_FRAME"}': 1,
    opened_connections_total: 1,
    events_total: 4,
    sent_frames_total: 9,
    conflated_frames_total: 0,
  }
  for (const [sample, value] of Object.entries(expected)) t.equal(valueOf(response.body, sample), value, sample)
  t.ok(valueOf(response.body, 'sent_bytes_total') as number > 1000)
  const metrics = readExposition(response.body)
  for (const [name, count] of [['ingest', 3], ['commit', 3], ['accepted_to_written', 2], ['minute_to_accepted', 0]]) {
    t.equal(metrics.get(`kline_push_${name}_seconds`)?.samples.get(`kline_push_${name}_seconds_count`), count, String(name))
  }
  t.notOk([...metrics.keys()].some((name) => !name.startsWith('kline_push_')), 'the process is the application\'s to show')

  const json = await app.inject({ url: '/kline/metrics', headers: { accept: 'application/json' } })
  t.match(json.headers['content-type'], /^application\/json/)
  t.strictSame(json.json().map(({ name }: { name: string }) => name).sort(), [...metrics.keys()].sort())
  t.match(json.json().find(({ name }: { name: string }) => name === 'kline_push_connections'), { type: 'gauge', values: [{ value: 1 }] })

  client.webSocket.close(1000)
  await client.closed
  for (let tries = 0; tries < 500 && app.klineHub.health().connections > 0; tries++) await new Promise((resolve) => { setTimeout(resolve, 10) })
  t.equal(valueOf((await app.inject('/kline/metrics')).body, 'closed_connections_total{code="1000"}'), 1)
})

t.test('however many symbols there are and whatever is sent, there are no more series', async (t) => {
  const app = await build(t, { metrics: true })
  const series = async (): Promise<number> => [...readExposition((await app.inject('/metrics')).body).values()].reduce((sum, { samples }) => sum + samples.size, 0)
  const before = await series()
  await app.klineHub.ingest(Array.from({ length: 500 }, (_, i) => ({ ...MINUTE, symbol: `s${i}` })))
  const client = await connect(t, app)
  for (let i = 0; i < 5; i++) await client.ask({ op: `op${i}` })
  client.webSocket.close(3456)
  await client.closed
  t.equal(await series(), before)
})

t.test('where there are tokens, one of them has to come with a scrape', async (t) => {
  const app = await build(t, { metrics: true, metricsTokens: ['one', 'an.other'] })
  for (const authorization of [undefined, 'Bearer', 'Bearer two', 'Bearer onee', 'Basic one', 'one']) {
    const response = await app.inject({ url: '/metrics', headers: authorization === undefined ? {} : { authorization } })
    t.equal(response.statusCode, 401, String(authorization))
    t.match(response.json(), { statusCode: 401, code: 'KLP_ERR_UNAUTHENTICATED' })
    t.equal(response.headers['www-authenticate'], 'Bearer')
  }
  for (const token of ['one', 'an.other']) {
    const response = await app.inject({ url: '/metrics', headers: { authorization: `Bearer ${token}` } })
    t.equal(response.statusCode, 200, token)
  }
  t.equal((await app.inject('/health')).statusCode, 200, 'which is of this route alone')
})

t.test('a token that nobody could send is refused at registration, and not shown', async (t) => {
  const cases: [object, RegExp][] = [
    [{ metrics: 'on' }, /`metrics`.*true or false.*`"on"`/],
    [{ metricsTokens: 'secret' }, /^Expected `metricsTokens` to be an array$/],
    [{ metricsTokens: ['good', 'sec ret'] }, /^Expected `metricsTokens\[1\]` to be a string of letters, digits and -\._~\+\/=$/],
    [{ metricsTokens: [''] }, /`metricsTokens\[0\]`/],
    [{ metricsTokens: [7] }, /`metricsTokens\[0\]`/],
  ]
  for (const [options, message] of cases) await t.rejects(build(t, options as KlinePushOptions), { code: 'KLP_ERR_OPTION', message })
})

t.test('whoever was not let in is counted, by the reason', async (t) => {
  const app = await build(t, { metrics: true, producerTokens: ['ours'], verifyToken () { throw new Error('nobody') }, origins: [] })
  const url = `ws://${addressOf(app)}`
  t.match(await app.inject({ method: 'POST', url: '/bars', payload: MINUTE }), { statusCode: 401 })
  t.match(await app.inject({ method: 'POST', url: '/bars', payload: '{', headers: { authorization: 'Bearer ours', 'content-type': 'application/json' } }), { statusCode: 400 })
  t.match(await refusedUpgrade(`${url}/ws?token=guess`), { statusCode: 401 })
  t.match(await refusedUpgrade(`${url}/ws`, { origin: 'https://elsewhere.example' }), { statusCode: 403 })
  const { body } = await app.inject('/metrics')
  const counts = { KLP_ERR_UNAUTHENTICATED: 2, KLP_ERR_ORIGIN: 1, other: 1 }
  for (const [code, count] of Object.entries(counts)) t.equal(valueOf(body, `refused_requests_total{code="${code}"}`), count, code)
})
