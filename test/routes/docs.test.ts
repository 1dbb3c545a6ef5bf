import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import t, { type Test } from 'tap'
import Fastify, { type FastifyInstance, type FastifyServerOptions, type InjectOptions, type RouteOptions } from 'fastify'
import { ERRORS, klinePush, type KlinePushOptions } from '../../src/index.ts'
import type { Message } from '../fixture/client.ts'

const MINUTE = { symbol: 'rb2601', time: 0, open: 10, high: 12, low: 9, close: 11, volume: 5 }
// Thrown in process or at start.
// These are in the document of the WebSocket.
const AT_UPGRADE = ['KLP_ERR_ORIGIN', 'KLP_ERR_TOO_MANY_CONNECTIONS', 'KLP_ERR_TOO_MANY_OF_ADDRESS', 'KLP_ERR_TOO_MANY_OF_IDENTITY']
const NEVER_OVER_HTTP = ['KLP_ERR_OPTION', 'KLP_ERR_KEY', 'KLP_ERR_IN_USE', 'KLP_ERR_DAMAGED', 'KLP_ERR_INCOMPATIBLE']

/** An application whose document is read, and what it registered before the plugin. */
interface Setup extends KlinePushOptions { readonly before?: (app: FastifyInstance) => Promise<unknown>, readonly server?: FastifyServerOptions }

async function start (t: Test, { before, server, ...options }: Setup = {}): Promise<FastifyInstance> {
  const app = Fastify({ return503OnClosing: false, ...server }) as FastifyInstance
  t.teardown(() => app.close())
  await before?.(app)
  await app.register(klinePush, { docs: true, ...options })
  await app.ready()
  return app
}

async function documentOf (app: FastifyInstance, url = '/docs/json'): Promise<Message> {
  const response = await app.inject(url)
  t.equal(response.statusCode, 200, url)
  return response.json()
}

function operationsOf ({ paths }: Message): { name: string, operation: Message }[] {
  return Object.entries<Message>(paths).flatMap(([path, methods]) => Object.entries<Message>(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })))
}

/** Every `$ref` of a document, and what is there. */
function refsOf (document: Message): [string, unknown][] {
  const refs = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref)
  return refs.map((ref) => [ref, ref.slice(2).split('/').reduce<Message>((place, name) => place?.[name], document)])
}

t.test('every route is in the OpenAPI document, with what it takes and what it may answer', async (t) => {
  const routes: RouteOptions[] = []
  const app = await start(t, {
    prefix: '/kline',
    metrics: true,
    before: async (app) => {
      app.addHook('onRoute', (route) => { if (route.method !== 'HEAD') routes.push(route) })
    },
  })
  const document = await documentOf(app, '/kline/docs/json')
  const operations = operationsOf(document)
  t.match(document, { openapi: '3.1.0', info: { title: 'kline-push', version: /^\d+\.\d+\.\d+$/ }, externalDocs: { url: '/kline/docs/asyncapi.json' } })
  const others = routes.filter(({ url }) => !/^\/kline\/(ws$|docs)/.test(url))
  t.strictSame(operations.map(({ name }) => name).sort(), others.map(({ method, url }) => `${String(method)} ${url}`).sort())

  const refs = refsOf(document)
  t.ok(refs.length > 10)
  for (const [ref, target] of refs) t.ok(target, ref)
  t.equal(new Set(operations.map(({ operation }) => operation.operationId)).size, operations.length, 'each has a name of its own')
  for (const { name, operation: { summary, tags, responses, requestBody } } of operations) {
    t.ok(summary !== undefined && tags.length === 1 && responses[200] !== undefined && responses[500] !== undefined, name)
    t.equal(requestBody !== undefined, name.startsWith('POST'), name)
    for (const { description } of Object.values<Message>(responses)) t.not(description, 'Default Response', name)
  }
  const secured = operations.filter(({ operation }) => operation.security !== undefined)
  const securedBy = Object.fromEntries(secured.map(({ name, operation }) => [name, Object.keys(operation.security[1]).join()]))
  t.strictSame(securedBy, {
    'POST /kline/bars': 'producer',
    'POST /kline/imports': 'producer',
    'POST /kline/watermarks': 'producer',
    'GET /kline/klines': 'subscriber',
    'GET /kline/symbols': 'subscriber',
    'GET /kline/metrics': 'scraper',
  })
  t.strictSame(Object.keys(document.components.securitySchemes).sort(), ['producer', 'scraper', 'subscriber'])
  const query = document.paths['/kline/klines'].get.parameters
  t.strictSame(query.map(({ name, required, schema }: Message) => [name, required, schema.type]), [['symbol', true, 'string'], ['period', true, 'string'], ['start', false, 'integer'], ['end', false, 'integer'], ['limit', false, 'integer']])
})

t.test('every error that reaches HTTP is in the OpenAPI document, under its status', async (t) => {
  const document = await documentOf(await start(t))
  const responses = operationsOf(document).flatMap(({ operation }) => Object.entries<Message>(operation.responses))
  for (const [code, { statusCode, when }] of Object.entries(ERRORS)) {
    const says = responses.some(([status, { description }]) => Number(status) === statusCode && description.includes(`\`${code}\`: ${when}`))
    t.equal(says, !NEVER_OVER_HTTP.includes(code) && !AT_UPGRADE.includes(code), code)
  }
})

t.test('what comes is what the OpenAPI document says, by the word of a validator that the hub does not use', async (t) => {
  const app = await start(t, { maxBodyBytes: 1000 })
  const document = await documentOf(app)
  const judge = Fastify({ ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, strict: false } } })
  judge.addSchema({ $id: 'openapi', ...document })
  const answers: { name: string, status: number, body: unknown }[] = []
  judge.get('/', async (request) => {
    for (const { name, status, body } of answers) {
      const [method, path] = name.split(' ')
      const place = ['paths', path.replace('/', '~1'), method.toLowerCase(), 'responses', status, 'content', 'application~1json', 'schema'].join('/')
      t.ok(request.validateInput(body as object, { $ref: `openapi#/${place}` }), `${name} ${status} ${JSON.stringify(body)}`)
    }
  })
  const ask = async (name: string, options: InjectOptions = {}): Promise<number> => {
    const [method, url] = name.split(' ') as ['GET' | 'POST', string]
    const response = await app.inject({ method, url, ...options })
    const operation = operationsOf(document).find((other) => url.startsWith(other.name.split(' ')[1]) && other.name.startsWith(method))
    const body = response.json()
    const { description } = operation?.operation.responses[response.statusCode]
    if (response.statusCode !== 200 && response.statusCode !== 500) t.ok(description.includes(`\`${body.code}\``), `${name} ${response.statusCode} ${body.code}`)
    answers.push({ name: operation?.name ?? '', status: response.statusCode, body })
    return response.statusCode
  }

  for (const route of ['POST /bars', 'POST /imports']) {
    for (const payload of [MINUTE, [{ ...MINUTE, time: 60_000, turnover: 1.5, trades: 1, openInterest: 7 }]]) t.equal(await ask(route, { payload }), 200)
    for (const payload of [[], { ...MINUTE, close: '11' }]) t.equal(await ask(route, { payload }), 400)
    t.equal(await ask(route, { payload: '{', headers: { 'content-type': 'application/json' } }), 400)
    t.equal(await ask(route, { payload: Array(20).fill(MINUTE) }), 413)
  }
  t.equal(await ask('POST /watermarks', { payload: { time: 120_000 } }), 200)
  t.equal(await ask('POST /watermarks', { payload: { time: 1 } }), 400)
  t.equal(await ask('POST /watermarks', { payload: '<', headers: { 'content-type': 'text/xml' } }), 415)
  t.equal(await ask('GET /klines?symbol=rb2601&period=5m'), 200)
  t.equal(await ask('GET /klines?symbol=rb2601&period=7m'), 400)
  t.equal(await ask('GET /symbols'), 200)
  t.equal(await ask('GET /health'), 200)
  await app.klineHub.drain()
  for (const [route, payload] of [['POST /bars', MINUTE], ['POST /imports', MINUTE], ['POST /watermarks', { time: 0 }]] as const) t.equal(await ask(route, { payload }), 503)
  t.equal(await ask('GET /health'), 200)
  app.klineHub.symbols = () => { throw new Error('a bug') }
  t.equal(await ask('GET /symbols'), 500)
  t.equal((await judge.inject('/')).statusCode, 200)
})

t.test('documents change nothing of what goes in and out', async (t) => {
  const app = await start(t)
  const odd = { ...MINUTE, open: 1e21, high: 1e21, low: -1e-7, close: 0.1, turnover: 1.5e300 }
  t.equal((await app.inject({ method: 'POST', url: '/bars', payload: odd })).statusCode, 200)
  const { body, headers } = await app.inject('/klines?symbol=rb2601&period=5m')
  t.equal(body, JSON.stringify(app.klineHub.klines({ symbol: 'rb2601', period: '5m' })))
  t.equal(headers['content-type'], 'application/json; charset=utf-8')
  const { klineHub } = app
  const health = klineHub.health()
  klineHub.health = () => ({ ...health, more: { than: 'the schema' } })
  t.strictSame((await app.inject('/health')).json(), { ...health, more: { than: 'the schema' }, pid: process.pid })
  for (const payload of [{ ...MINUTE, close: null }, { ...MINUTE, close: '11' }, { ...MINUTE, more: 1 }]) t.match((await app.inject({ method: 'POST', url: '/bars', payload })).json(), { code: 'KLP_ERR_BAR', message: /^bar 0: / })
  t.match((await app.inject('/klines?symbol=rb2601&period=5m&limit=2.0')).json(), { code: 'KLP_ERR_QUERY', message: /`limit`.*`"2\.0"` \(string\)/ })
})

t.test('without docs there are none', async (t) => {
  const app = await start(t, { docs: false })
  for (const url of ['/docs', '/docs/json', '/docs/asyncapi.json']) t.equal((await app.inject(url)).statusCode, 404, url)
  const other = await start(t, { docs: false, before: async (app) => await app.register(swagger, { openapi: {} }) })
  t.ok(other.swagger().paths?.['/bars'], 'but the application\'s own has the routes all the same')
})

t.test('the document is of the plugin alone, and leaves the application its own', async (t) => {
  const app = await start(t)
  t.notOk(app.hasDecorator('swagger'))
  t.notOk(Object.keys((await documentOf(app)).paths).includes('/own'))
})

t.test('where the application has brought @fastify/swagger itself, the routes are in its document, and there is no other', async (t) => {
  const schemes = { apiKey: { type: 'apiKey', name: 'key', in: 'header' } } as const
  const kinds: [object, (document: Message) => void][] = [
    [{ openapi: { info: { title: 'mine', version: '9' }, components: { securitySchemes: schemes } } }, ({ openapi, components }) => {
      t.equal(openapi, '3.0.3')
      t.strictSame(Object.keys(components.securitySchemes).sort(), ['apiKey', 'producer', 'subscriber'])
    }],
    [{ openapi: { info: { title: 'mine', version: '9' } }, exposeHeadRoutes: true }, ({ components }) => { t.strictSame(Object.keys(components.securitySchemes).sort(), ['producer', 'subscriber']) }],
    [{ swagger: { info: { title: 'mine', version: '9' } } }, (document) => { t.equal(document.swagger, '2.0') }],
  ]
  for (const [options, check] of kinds) {
    const app = await start(t, {
      before: async (app) => {
        await app.register(swagger, options)
        app.get('/own', async () => 'mine')
      },
    })
    const document = await documentOf(app)
    t.strictSame(document, JSON.parse(JSON.stringify(app.swagger())))
    t.equal(document.info.title, 'mine')
    for (const path of ['/own', '/bars', '/imports', '/watermarks', '/klines', '/symbols', '/health']) t.ok(document.paths[path], path)
    const refs = refsOf(document)
    t.ok(refs.length > 0)
    for (const [ref, target] of refs) t.ok(target, ref)
    const names = operationsOf(document).map(({ operation }) => operation.operationId).filter((name) => name !== undefined)
    t.equal(new Set(names).size, names.length)
    check(document)
  }
})

t.test('where the application has a page of documents itself, there is no second one', async (t) => {
  const app = await start(t, {
    before: async (app) => {
      await app.register(swagger)
      await app.register(swaggerUi, { routePrefix: '/docs' })
    },
  })
  t.ok((await documentOf(app)).paths['/bars'])
  t.match(await documentOf(app, '/docs/asyncapi.json'), { asyncapi: '3.0.0' })
})

t.test('the page takes nothing from anywhere else', async (t) => {
  for (const prefix of ['', '/kline']) {
    const app = await start(t, { prefix })
    for (const page of [`${prefix}/docs`, `${prefix}/docs/`]) {
      const { statusCode, body, headers } = await app.inject(page)
      t.equal(statusCode, 200, page)
      t.notMatch(headers['content-security-policy'], /https?:|\*|\.\w/, 'a browser would not even fetch it')
      const links = [...body.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, link]) => new URL(link, `http://self${page}`))
      t.ok(links.length >= 5)
      for (const { host, pathname } of links) {
        t.equal(host, 'self')
        t.equal((await app.inject(pathname)).statusCode, 200, pathname)
      }
    }
    const { body } = await app.inject(`${prefix}/docs/static/swagger-initializer.js`)
    t.match(body, /validatorUrl: null/)
  }
})

t.test('the AsyncAPI document says where the WebSocket is', async (t) => {
  const app = await start(t, { prefix: '/kline', server: { trustProxy: true } })
  const get = async (headers: Record<string, string>): Promise<Message> => (await app.inject({ url: '/kline/docs/asyncapi.json', headers })).json()
  t.match(await get({ host: '127.0.0.1:3000' }), { servers: { this: { host: '127.0.0.1:3000', protocol: 'ws' } }, channels: { klines: { address: '/kline/ws' } } })
  t.match(await get({ host: 'market.example', 'x-forwarded-proto': 'https' }), { servers: { this: { host: 'market.example', protocol: 'wss' } } })
})
