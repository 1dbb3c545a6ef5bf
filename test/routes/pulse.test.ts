import t from 'tap'
import { build } from '../fixture/build.ts'
import { connect } from '../fixture/client.ts'

const MINUTE = { symbol: 'a', time: 0, open: 10, high: 12, low: 9, close: 11, volume: 5 }

t.test('a quiet connection gets heartbeats', async (t) => {
  const app = await build(t, { heartbeatMs: 100 })
  const client = await connect(t, app)
  const [first, second] = await client.take(2)
  t.match(first, { type: 'heartbeat', ts: Number })
  t.ok(second.ts - first.ts >= 100)
})

t.test('a peer that does not answer protocol pings is removed, one that does stays', async (t) => {
  const app = await build(t, { pingEveryMs: 100, pongTimeoutMs: 1000 })
  const dead = await connect(t, app)
  dead.send({ op: 'subscribe', args: ['a.1m'] })
  await dead.take(2)
  const alive = await connect(t, app)
  let pings = 0
  alive.webSocket.on('ping', () => { pings++ })
  dead.webSocket.pause()
  for (let i = 0; i < 500 && app.klineHub.health().connections === 2; i++) await new Promise((resolve) => { setTimeout(resolve, 10) })
  t.match(app.klineHub.health(), { connections: 1, keys: 0 })
  dead.webSocket.resume()
  const { code } = await dead.closed
  t.ok(code === 4212 || code === 1006, `the connection was cut, ${code}`)
  t.ok(pings > 1)
  t.match(await alive.ask({ op: 'ping' }), { type: 'pong' })
})

t.test('a connection that vanishes without a goodbye leaves no trace, and bars go on to the others', async (t) => {
  const app = await build(t)
  const clients = [await connect(t, app), await connect(t, app)]
  for (const client of clients) {
    client.send({ op: 'subscribe', args: ['a.1m'] })
    await client.take(2)
  }
  clients[0].webSocket.terminate()
  await app.klineHub.ingest(MINUTE)
  t.match(await clients[1].next(), { type: 'bar', key: 'a.1m' })
  for (let i = 0; i < 500 && app.klineHub.health().connections === 2; i++) await new Promise((resolve) => { setTimeout(resolve, 10) })
  t.match(app.klineHub.health(), { connections: 1, keys: 1 })
})

t.test('a frame much longer than the limit ends the connection with 1009 and leaves no trace', async (t) => {
  const app = await build(t, { maxFrameBytes: 1000 })
  const client = await connect(t, app)
  client.send('x'.repeat(3000))
  t.match(await client.closed, { code: 1009 })
  for (let i = 0; i < 500 && app.klineHub.health().connections > 0; i++) await new Promise((resolve) => { setTimeout(resolve, 10) })
  t.equal(app.klineHub.health().connections, 0)
})
