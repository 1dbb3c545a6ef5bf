import t, { type Test } from 'tap'
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import bearerAuth from '@fastify/bearer-auth'
import cors from '@fastify/cors'
import rateLimit from '@fastify/rate-limit'
import underPressure from '@fastify/under-pressure'
import { klinePush, type KlinePushOptions } from '../../src/index.ts'
import { addressOf, build } from '../fixture/build.ts'
import { type Client, connectTo } from '../fixture/client.ts'
import { refusedUpgrade } from '../fixture/upgrade.ts'

const BAR = { symbol: 'a', time: 0, open: 1, high: 1, low: 1, close: 1, volume: 1 }
const FOREIGN = 'https://elsewhere.example'

const wsOf = (app: FastifyInstance, query = ''): string => `ws://${addressOf(app)}/ws${query}`

async function join (t: Test, app: FastifyInstance, headers: Record<string, string> = {}): Promise<Client> {
  return await connectTo(t, wsOf(app), { headers })
}

t.test('producers', async (t) => {
  t.test('need one of the tokens, if there are any, for all that they bring', async (t) => {
    const app = await build(t, { producerTokens: ['old-token', 'new-token'] })
    const post = async (url: string, authorization?: string) => await app.inject({ method: 'POST', url, payload: url === '/watermarks' ? { time: 0 } : BAR, headers: authorization === undefined ? {} : { authorization } })
    for (const url of ['/bars', '/imports', '/watermarks']) {
      for (const wrong of [undefined, 'old-token', 'Bearer', 'Bearer other', 'Bearer old-token2', 'Basic old-token', 'Bearer old-token, new-token']) {
        const { statusCode, headers, body } = await post(url, wrong)
        t.equal(statusCode, 401, `${url} ${wrong}`)
        t.equal(headers['www-authenticate'], 'Bearer')
        t.match(JSON.parse(body), { statusCode: 401, code: 'KLP_ERR_UNAUTHENTICATED', error: 'Unauthorized', message: /Bearer/ })
      }
    }
    t.equal(app.klineHub.health().symbols, 0)
    t.equal((await post('/bars', 'bearer new-token')).statusCode, 200, 'the scheme in any case')
    for (const token of ['old-token', 'new-token']) for (const url of ['/bars', '/imports', '/watermarks']) t.equal((await post(url, `Bearer ${token}`)).statusCode, 200, `${url} ${token}`)
    t.equal((await app.inject('/klines?symbol=a&period=1m')).statusCode, 200, 'who reads needs none')
    t.equal((await app.inject('/health')).statusCode, 200)
  })

  t.test('may bring so many bars at once, and so many symbols in all', async (t) => {
    const app = await build(t, { maxBarsPerBody: 3, maxSymbols: 3 })
    const post = async (url: string, ...symbols: string[]) => (await app.inject({ method: 'POST', url, payload: symbols.map((symbol) => ({ ...BAR, symbol })) })).json()
    t.match(await post('/bars', 'a', 'a', 'a', 'a'), { statusCode: 400, code: 'KLP_ERR_BATCH', message: /1 to 3 bars, got an array of 4/ })
    t.match(await post('/bars', 'a', 'b', 'a'), { accepted: 2, duplicates: 1 })
    t.match(await post('/bars', 'a', 'c', 'd'), { statusCode: 400, code: 'KLP_ERR_TOO_MANY_SYMBOLS', message: 'bar 2: Expected at most 3 symbols, got `d` beside them' })
    t.match(await post('/imports', 'd', 'e'), { statusCode: 400, code: 'KLP_ERR_TOO_MANY_SYMBOLS', message: 'Expected at most 3 symbols, got `e` beside them' })
    t.equal(app.klineHub.health().symbols, 2, 'all or none')
    const [one, other, third] = await Promise.all([post('/bars', 'c'), post('/bars', 'd'), post('/bars', 'a')]) // in one commit
    t.match([one, third], [{ accepted: 1 }, { duplicates: 1 }])
    t.match(other, { code: 'KLP_ERR_TOO_MANY_SYMBOLS' })
    t.match(await post('/imports', 'c', 'b'), { duplicates: 2 })
  })
})

t.test('subscribers', async (t) => {
  const verifyToken = async (token: string) => {
    const [id, allowed = ''] = token.split('-')
    if (id === 'nobody') throw new Error('there is no such token')
    return { id, allowed, ...(allowed === 'late' ? { expiresAt: 1 } : undefined) }
  }

  t.test('say who they are in a header, in the query of an upgrade, or in the first frame', async (t) => {
    const app = await build(t, { verifyToken })
    t.match(await (await join(t, app, { authorization: 'Bearer ann' })).ask({ op: 'ping' }), { type: 'pong' })
    t.match(await (await connectTo(t, wsOf(app, '?token=ann'))).ask({ op: 'ping' }), { type: 'pong' })
    t.match(await (await connectTo(t, wsOf(app))).ask({ op: 'auth', token: 'ann' }), { type: 'ack', op: 'auth' })
    const silent = await connectTo(t, wsOf(app))
    t.match(await silent.ask({ op: 'ping' }), { code: 'UNAUTHENTICATED' })
    t.match(await silent.closed, { code: 4001 })
  })

  t.test('are refused before the upgrade when their token is not good', async (t) => {
    const app = await build(t, { verifyToken })
    for (const token of ['nobody', 'ann-late']) {
      for (const refused of [await refusedUpgrade(wsOf(app, `?token=${token}`)), await refusedUpgrade(wsOf(app), { headers: { authorization: `Bearer ${token}` } })]) {
        t.match(refused, { statusCode: 401, headers: { 'www-authenticate': 'Bearer' }, body: { code: 'KLP_ERR_UNAUTHENTICATED', message: token === 'nobody' ? 'The credentials were not accepted' : 'The token has expired' } })
      }
    }
    t.equal(app.klineHub.health().connections, 0)
  })

  t.test('may be known by whatever the application finds in their request', async (t) => {
    const authenticate = (request: FastifyRequest) => {
      if (request.headers.cookie === 'banned=1') throw Object.assign(new Error('You are not welcome'), { statusCode: 403 })
      if (request.headers.cookie === 'broken=1') return { id: '' }
      return request.headers.cookie === undefined ? undefined : { id: request.headers.cookie }
    }
    const app = await build(t, { authenticate })
    t.match(await (await join(t, app, { cookie: 'ann' })).ask({ op: 'ping' }), { type: 'pong' })
    t.match(await refusedUpgrade(wsOf(app)), { statusCode: 401, body: { code: 'KLP_ERR_UNAUTHENTICATED', message: /who sends it/ } })
    t.match(await refusedUpgrade(wsOf(app), { headers: { cookie: 'banned=1' } }), { statusCode: 403, body: { message: 'You are not welcome' } })
    t.match(await refusedUpgrade(wsOf(app), { headers: { cookie: 'broken=1' } }), { statusCode: 500, body: { code: 'KLP_ERR_OPTION', message: /`id`/ } })
    const either = await build(t, { authenticate, verifyToken })
    t.match(await (await connectTo(t, wsOf(either))).ask({ op: 'auth', token: 'ann' }), { type: 'ack', op: 'auth' })
  })

  t.test('say it for REST too, and read only what they may', async (t) => {
    const app = await build(t, { verifyToken, authorize: ({ id }, key) => `${id}.1m` === key })
    for (const symbol of ['ann', 'bob']) await app.klineHub.ingest({ ...BAR, symbol })
    const get = async (url: string, token?: string) => (await app.inject({ url, headers: token === undefined ? {} : { authorization: `Bearer ${token}` } })).json()
    for (const url of ['/klines?symbol=ann&period=1m', '/symbols', '/symbols?token=ann']) t.match(await get(url), { statusCode: 401, code: 'KLP_ERR_UNAUTHENTICATED' })
    t.match(await get('/klines?symbol=ann&period=1m', 'nobody'), { statusCode: 401 })
    t.match(await get('/klines?symbol=ann&period=1m', 'ann'), { key: 'ann.1m', bars: [{ close: 1 }] })
    t.match(await get('/klines?symbol=bob&period=1m', 'ann'), { statusCode: 403, code: 'KLP_ERR_FORBIDDEN', message: '`bob.1m` is not for you' })
    t.match(await get('/symbols', 'ann'), { symbols: [{ symbol: 'ann' }, { symbol: 'bob' }] })
    const client = await join(t, app, { authorization: 'Bearer ann' })
    t.match(await client.ask({ op: 'subscribe', args: ['ann.1m', 'bob.1m'] }), { keys: [{ key: 'ann.1m' }], rejected: [{ key: 'bob.1m', code: 'FORBIDDEN' }] })
  })
})

t.test('connections', async (t) => {
  const cases: [string, KlinePushOptions, RegExp][] = [
    ['KLP_ERR_TOO_MANY_CONNECTIONS', { maxConnections: 2 }, /2 connections/],
    ['KLP_ERR_TOO_MANY_OF_ADDRESS', { maxConnectionsPerAddress: 2 }, /`127.0.0.1` has 2/],
    ['KLP_ERR_TOO_MANY_OF_IDENTITY', { maxConnectionsPerIdentity: 2 }, /`ann` has 2/],
  ]
  for (const [code, limits, message] of cases) {
    t.test(`past the limit get 503 and ${code}, and a place that is left is free`, async (t) => {
      const app = await build(t, { ...limits, verifyToken: (id) => ({ id }) })
      const headers = { authorization: 'Bearer ann' }
      const [first] = [await join(t, app, headers), await join(t, app, headers)]
      const { statusCode, headers: answered, body } = await refusedUpgrade(wsOf(app), { headers })
      t.match({ statusCode, body }, { statusCode: 503, body: { code, message } })
      t.ok(Number(answered['retry-after']) >= 1)
      first.webSocket.terminate()
      await first.closed
      for (let i = 0; i < 100 && app.klineHub.health().connections > 1; i++) await new Promise(setImmediate)
      t.match(await (await join(t, app, headers)).ask({ op: 'ping' }), { type: 'pong' })
    })
  }

  t.test('that came while others were let in at the same time are turned away with 4100', async (t) => {
    const waiting: (() => void)[] = []
    const authenticate = async () => {
      await new Promise<void>((resolve) => { waiting.push(resolve) })
      return { id: 'ann' }
    }
    const app = await build(t, { maxConnections: 1, authenticate })
    const joining = [join(t, app), join(t, app)]
    for (let i = 0; i < 1000 && waiting.length < 2; i++) await new Promise(setImmediate)
    for (const resolve of waiting) resolve()
    const [one, other] = await Promise.all(joining.map(async (client) => await Promise.race([(await client).closed, (await client).ask({ op: 'ping' })])))
    t.strictSame([one, other].map(({ type, code }) => type ?? code).sort(), ['notice', 'pong'])
  })

  t.test('are counted by the address that a proxy tells, if it is trusted', async (t) => {
    const app = Fastify({ trustProxy: '127.0.0.1' })
    t.teardown(() => app.close())
    await app.register(klinePush, { maxConnectionsPerAddress: 1 })
    await app.listen({ host: '127.0.0.1', port: 0 })
    for (const address of ['10.0.0.1', '10.0.0.2']) await join(t, app, { 'x-forwarded-for': address })
    t.match(await refusedUpgrade(wsOf(app), { headers: { 'x-forwarded-for': '10.0.0.1' } }), { statusCode: 503, body: { message: /`10.0.0.1`/ } })
  })
})

t.test('pages', async (t) => {
  t.test('of other origins may not connect where only some may', async (t) => {
    const app = await build(t, { origins: ['https://charts.example'] })
    for (const origin of ['https://charts.example', app.listeningOrigin]) t.match(await (await join(t, app, { origin })).ask({ op: 'ping' }), { type: 'pong' })
    for (const origin of [FOREIGN, 'http://charts.example', 'null', 'https://charts.example:444']) t.match(await refusedUpgrade(wsOf(app), { headers: { origin } }), { statusCode: 403, body: { code: 'KLP_ERR_ORIGIN', message: new RegExp(`\`${origin}\``) } }, origin)
    t.match(await (await join(t, app)).ask({ op: 'ping' }), { type: 'pong' }, 'who is no browser says nothing')
    for (const [origin, allowed] of [['https://charts.example', 'https://charts.example'], [FOREIGN, undefined]] as const) {
      t.equal((await app.inject({ url: '/symbols', headers: { origin } })).headers['access-control-allow-origin'], allowed)
      t.equal((await app.inject({ method: 'OPTIONS', url: '/bars', headers: { origin, 'access-control-request-method': 'POST' } })).headers['access-control-allow-origin'], allowed)
    }
  })

  t.test('of this server only, of any, or as the application will', async (t) => {
    const own = await build(t, { origins: [] })
    t.match(await refusedUpgrade(wsOf(own), { headers: { origin: FOREIGN } }), { statusCode: 403 })
    t.equal((await own.inject({ url: '/symbols', headers: { origin: FOREIGN } })).headers['access-control-allow-origin'], undefined)
    const any = await build(t, { origins: ['*'] })
    t.match(await (await join(t, any, { origin: FOREIGN })).ask({ op: 'ping' }), { type: 'pong' })
    t.equal((await any.inject({ url: '/symbols', headers: { origin: FOREIGN } })).headers['access-control-allow-origin'], '*')
    const unguarded = await build(t)
    t.match(await (await join(t, unguarded, { origin: FOREIGN })).ask({ op: 'ping' }), { type: 'pong' })

    const app = Fastify()
    t.teardown(() => app.close())
    await app.register(cors, { origin: FOREIGN })
    await app.register(klinePush, { origins: ['https://charts.example'] })
    t.equal((await app.inject({ url: '/symbols' })).headers['access-control-allow-origin'], FOREIGN, 'an application that answers browsers goes on doing so')
  })
})

t.test('an application that has the same guards itself keeps its own', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(rateLimit, { max: 100 })
  await app.register(underPressure, { maxEventLoopDelay: 10_000 })
  await app.register(bearerAuth, { addHook: false, keys: new Set(['theirs']) })
  app.get('/theirs', async () => 'theirs')
  await app.register(klinePush, { maxRequestsPerSecond: 50, maxEventLoopDelayMs: 10_000, producerTokens: ['ours'], verifyToken: (id) => ({ id }), origins: [] })
  t.equal((await app.inject('/theirs')).statusCode, 200)
  t.equal((await app.inject({ method: 'POST', url: '/bars', payload: BAR, headers: { authorization: 'Bearer ours' } })).statusCode, 200)
  t.equal((await app.inject({ method: 'POST', url: '/bars', payload: BAR, headers: { authorization: 'Bearer theirs' } })).statusCode, 401)
  t.equal((await app.inject({ url: '/symbols', headers: { authorization: 'Bearer ann' } })).headers['x-ratelimit-limit'], '50')
})

t.test('requests', async (t) => {
  t.test('of an address past so many a second get 429, upgrades too, and health is always told', async (t) => {
    const app = await build(t, { maxRequestsPerSecond: 2 })
    // The second that counts may end between two of them, so it takes one more than two to be sure.
    const answers = []
    for (let i = 0; i < 7; i++) answers.push(await app.inject('/symbols'))
    const refused = answers.filter(({ statusCode }) => statusCode !== 200)
    t.ok(refused.length > 0 && answers.length - refused.length >= 2)
    t.match(refused[0].json(), { statusCode: 429, code: 'KLP_ERR_TOO_MANY_REQUESTS', message: /2 requests a second/ })
    t.equal(refused[0].headers['retry-after'], '1')
    t.match(await refusedUpgrade(wsOf(app)), { statusCode: 429, body: { code: 'KLP_ERR_TOO_MANY_REQUESTS' } })
    t.equal((await app.inject('/health')).statusCode, 200)
  })

  t.test('get 503 while the event loop is late', async (t) => {
    const app = await build(t, { maxEventLoopDelayMs: 1 })
    t.equal((await app.inject('/symbols')).statusCode, 200)
    let answer = await app.inject('/symbols')
    for (let i = 0; i < 200 && answer.statusCode === 200; i++) {
      const end = performance.now() + 50
      while (performance.now() < end); // nothing else runs
      await new Promise(setImmediate)
      answer = await app.inject('/symbols')
    }
    t.match(answer.json(), { statusCode: 503, code: 'KLP_ERR_BUSY' })
    t.equal(answer.headers['retry-after'], '1')
    t.equal((await app.inject('/health')).statusCode, 200)
  })
})

t.test('a frame may have 64 KiB, and not a byte more', async (t) => {
  const client = await join(t, await build(t))
  const sized = (bytes: number): string => JSON.stringify({ op: 'ping', id: 'x'.repeat(bytes - '{"op":"ping","id":""}'.length) })
  t.match(await client.ask(sized(65_536)), { type: 'pong' })
  t.match(await client.ask(sized(65_537)), { type: 'error', code: 'FRAME_TOO_LONG', message: 'Expected at most 65536 bytes, got 65537' })
})

t.test('a thousand frames a second are well, and who sends three times as many is cut off', async (t) => {
  const client = await join(t, await build(t))
  for (let i = 0; i < 1000; i++) client.send({ op: 'ping', id: i })
  t.ok((await client.take(1000)).every(({ type }) => type === 'pong'))
  for (let i = 0; i < 4000; i++) client.send({ op: 'ping', id: i })
  t.strictSame(await client.closed, { code: 4129, reason: 'too many frames' })
  t.ok(client.left().some(({ code }) => code === 'TOO_MANY_FRAMES'))
})
