import t, { type Test } from 'tap'
import type { FastifyInstance } from 'fastify'
import { once } from 'node:events'
import { type AddressInfo, connect as connectNet } from 'node:net'
import { Session } from '../src/push/session.ts'
import { serve, type ServeOptions } from '../src/serve.ts'
import { connect, connectTo, type Message } from './fixture/client.ts'

const MINUTE = { symbol: 'a', time: 0, open: 10, high: 12, low: 9, close: 11, volume: 5 }
const SECRET = 'hush-hush'

/** A server and what it has logged so far. */
async function start (t: Test, level: string, options: Partial<ServeOptions> = {}): Promise<{ app: FastifyInstance, lines: () => Message[] }> {
  const texts: string[] = []
  const app = await serve({ host: '127.0.0.1', port: 0, logger: { level, stream: { write (text: string) { texts.push(text) } } }, ...options })
  t.teardown(() => app.close())
  return { app, lines: () => texts.map((text) => JSON.parse(text)) }
}

async function until (holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500 && !holds(); tries++) await new Promise((resolve) => { setTimeout(resolve, 10) })
}

t.test('each thing that happens to a connection is a line with its number, and no bar or frame is one', async (t) => {
  const { app, lines } = await start(t, 'info')
  const [first, second] = [await connect(t, app), await connect(t, app)]
  for (const client of [first, second]) {
    client.send({ op: 'subscribe', args: ['a.1m'] })
    await client.take(2)
  }
  for (let i = 0; i < 50; i++) await app.klineHub.ingest({ ...MINUTE, time: i * 60_000 })
  await first.take(50)
  await first.ask('{')
  first.webSocket.close(1000)
  await first.closed
  await until(() => app.klineHub.health().connections === 1)
  await app.close()
  await second.closed
  await until(() => lines().length >= 7)
  const [, { connection: one }, { connection: two }] = lines()
  t.not(one, two)
  t.match(lines(), [
    { level: 30, msg: /^Server listening at/ },
    { level: 30, connection: one, remoteAddress: '127.0.0.1', msg: 'a connection opened' },
    { level: 30, connection: two, msg: 'a connection opened' },
    { level: 30, connection: one, code: 1000, ms: Number, msg: 'a connection closed' },
    { level: 30, connections: 1, msg: 'no more bars are taken, and subscribers are told goodbye' },
    { level: 30, ms: Number, msg: 'all bars that were taken have been pushed' },
    { level: 30, connection: two, code: 1001, msg: 'a connection closed' },
  ])
})

t.test('a subscriber that is dropped is a warning that says why, and a refused frame is told to those who look for it', async (t) => {
  const { app, lines } = await start(t, 'debug', { maxBadFrames: 2 })
  const client = await connect(t, app)
  for (let i = 0; i < 2; i++) await client.ask('{')
  await client.closed
  await until(() => lines().some(({ msg }) => msg === 'a connection closed'))
  const [{ connection }] = lines().filter(({ msg }) => msg === 'a connection opened')
  t.match(lines().filter((line) => line.connection === connection).slice(1), [
    { level: 20, code: 'BAD_FRAME', msg: 'a frame was refused' },
    { level: 20, code: 'BAD_FRAME', msg: 'a frame was refused' },
    { level: 40, code: 4009, reason: 'too many malformed frames', msg: 'a subscriber is dropped' },
    { level: 30, code: 4009, msg: 'a connection closed' },
  ])
})

t.test('what goes wrong with a connection is logged with its number', async (t) => {
  const { app, lines } = await start(t, 'error')
  t.intercept(Session.prototype, 'refused', { value () { throw new Error('a bug') } })
  const client = await connect(t, app)
  client.send({ op: 'subscribe', args: ['a.1m'] })
  await client.closed
  t.match(lines(), [{ level: 50, connection: Number, err: { message: 'a bug' }, msg: 'a frame could not be handled' }])
})

t.test('whatever comes with a token, and however, the log has none', async (t) => {
  const { app, lines } = await start(t, 'trace', { metrics: true, metricsTokens: ['good'], maxBadFrames: 50 })
  const { port } = app.server.address() as AddressInfo
  const client = await connectTo(t, `ws://127.0.0.1:${port}/ws?token=${SECRET}`, { headers: { authorization: `Bearer ${SECRET}` } })
  for (const frame of [`{"op":"auth","token":"${SECRET}"}`, `{"op":"auth","token":"${SECRET}"`, SECRET, { op: SECRET }, { op: 'list', token: SECRET }, { op: 'subscribe', args: [SECRET] }]) await client.ask(frame)
  for (const path of ['/metrics', '/health', '/nowhere', '/klines', '/%', '/ws']) {
    await fetch(`${app.listeningOrigin}${path}?token=${SECRET}`, { headers: { authorization: `Bearer ${SECRET}` } })
  }
  await fetch(`${app.listeningOrigin}/bars?token=${SECRET}`, { method: 'POST', body: SECRET, headers: { 'content-type': 'application/json', authorization: SECRET } })
  app.klineHub.symbols = () => { throw new Error('a bug') }
  await fetch(`${app.listeningOrigin}/symbols?token=${SECRET}`)
  for (const broken of [`GET /ws?token=${SECRET} HTTP/1.1\r\nAuthorization: Bearer ${SECRET}\r\nno header\r\n\r\n`, `${SECRET}\r\n\r\n`]) {
    const socket = connectNet(port, '127.0.0.1')
    socket.end(broken)
    socket.resume()
    await once(socket, 'close')
  }
  await app.close()
  const told = lines()
  for (const msg of ['client error', 'a request failed', 'a frame was refused', 'unauthorized: invalid authorization header']) t.ok(told.some((line) => line.msg === msg), msg)
  const text = JSON.stringify(told)
  t.notOk(text.includes(SECRET), text.slice(Math.max(0, text.indexOf(SECRET) - 300), text.indexOf(SECRET) + 20))
  t.notOk(text.includes('rawPacket'))
})

t.test('what is logged of a request has an address without its token', async (t) => {
  const { app, lines } = await start(t, 'info')
  app.log.info({ req: { method: 'GET', url: `/ws?token=${SECRET}`, ip: '127.0.0.1' } }, 'by hand')
  t.match(lines().at(-1), { req: { method: 'GET', url: '/ws?token=…', remoteAddress: '127.0.0.1' } })
})
