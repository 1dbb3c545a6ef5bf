import t from 'tap'
import autoload from '@fastify/autoload'
import websocket from '@fastify/websocket'
import Fastify from 'fastify'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import byDefault, { klinePush } from '../../src/index.ts'
import { Archive } from '../../src/store/archive.ts'
import { connect } from '../fixture/client.ts'
import { Collect } from '../fixture/collect.ts'

const MINUTE = { symbol: 'a', time: 0, open: 10, high: 12, low: 9, close: 11, volume: 5 }

t.test('the named and the default export are the same plugin', async (t) => {
  t.equal(byDefault, klinePush)
})

t.test('it works when @fastify/websocket is registered before, and leaves the application\'s own sockets alone', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(websocket)
  await app.register(klinePush)
  app.get('/own', { websocket: true }, (webSocket) => { webSocket.on('message', () => { webSocket.send('{"mine":true}') }) })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const own = await connect(t, app, '/own')
  t.strictSame(await own.ask('anything'), { mine: true })
  const client = await connect(t, app)
  client.send({ op: 'subscribe', args: ['a.1m'] })
  await client.take(2)
  await app.klineHub.ingest(MINUTE)
  t.match(await client.next(), { type: 'bar', key: 'a.1m' })
})

t.test('whoever registered @fastify/websocket, closing says when to come back, then 1001', async (t) => {
  const app = Fastify()
  await app.register(websocket)
  await app.register(klinePush)
  await app.listen({ host: '127.0.0.1', port: 0 })
  const client = await connect(t, app)
  await client.ask({ op: 'ping' })
  await app.close()
  t.match(await client.next(), { type: 'notice', code: 'GOING_AWAY' })
  t.match(await client.closed, { code: 1001 })
})

t.test('it works under @fastify/autoload', async (t) => {
  const dir = t.testdir({})
  const plugins = join(dir, 'plugins')
  await mkdir(plugins)
  await symlink(join(import.meta.dirname, '../../node_modules'), join(dir, 'node_modules'))
  await writeFile(join(dir, 'package.json'), '{"type":"module"}')
  const entry = JSON.stringify(new URL('../../src/index.ts', import.meta.url).href)
  await writeFile(join(plugins, 'kline.js'), `export { default } from ${entry}\nexport const autoConfig = { memoryBars: 10 }\n`)
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(autoload, { dir: plugins })
  await app.listen({ host: '127.0.0.1', port: 0 })
  t.equal((await app.inject({ method: 'POST', url: '/bars', payload: MINUTE })).statusCode, 200)
  const client = await connect(t, app)
  t.match(await client.ask({ op: 'ping' }), { type: 'pong' })
})

t.test('the hub is decorated for the whole application, and closing twice is harmless', async (t) => {
  const app = Fastify()
  await app.register(klinePush)
  await app.ready()
  t.ok(app.hasDecorator('klineHub'))
  await app.close()
  await app.close()
  t.equal(app.klineHub.health().status, 'closing')
})

t.test('an archive run that fails is in the log, with the reason, and the bars are all there', async (t) => {
  t.intercept(Archive.prototype, 'put', { value () { throw new Error('the disk is full') } })
  const lines = new Collect()
  const app = Fastify({ logger: { level: 'error', stream: lines } })
  t.teardown(() => app.close())
  await app.register(klinePush, { dataDir: t.testdir() })
  await app.ready()
  const symbols = Array.from({ length: 7 }, (_, i) => `s${i}`) // 70,000 bars; the archive runs after 65,536
  for (const symbol of symbols) await app.klineHub.ingest(Array.from({ length: 10_000 }, (_, i) => ({ ...MINUTE, symbol, time: i * 60_000 })))
  await lines.until(/"level":50.*"message":"the disk is full".*"msg":"bars could not be moved to the archive"/)
  for (const symbol of symbols) t.match(app.klineHub.klines({ symbol, period: '1M' }).bars, [{ volume: 50_000 }])
})
