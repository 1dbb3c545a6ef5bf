import websocket from '@fastify/websocket'
import t, { type Test } from 'tap'
import Fastify, { type FastifyInstance } from 'fastify'
import { once } from 'node:events'
import { type AddressInfo, connect as connectNet } from 'node:net'
import { CLOSE_CODES, klinePush, type MinuteBar, PERIODS } from '../../src/index.ts'
import { Session } from '../../src/push/session.ts'
import { build } from '../fixture/build.ts'
import { type Client, connect, connectTo, type Message } from '../fixture/client.ts'

const MONDAY = Date.UTC(2026, 0, 5)

/** The minute that is `place` minutes into Monday. */
function minute (place: number, given: Partial<MinuteBar> = {}): MinuteBar {
  return { symbol: 'rb2601', time: MONDAY + place * 60_000, open: 10, high: 12, low: 9, close: 11, volume: 5, ...given }
}

/** A client that has subscribed and read its ack and its snapshots. */
async function subscriber (t: Test, app: FastifyInstance, args: string[], given: object = {}): Promise<Client> {
  const client = await connect(t, app)
  client.send({ op: 'subscribe', args, ...given })
  await client.take(1 + args.length)
  return client
}

async function eventually (check: () => boolean): Promise<boolean> {
  for (let i = 0; i < 500; i++) {
    if (check()) return true
    await new Promise((resolve) => { setTimeout(resolve, 10) })
  }
  return false
}

t.setTimeout(120_000) // for the 10,000 connections

t.test('a client that connects is registered', async (t) => {
  const app = await build(t)
  t.equal(app.klineHub.health().connections, 0)
  await connect(t, app)
  t.equal(app.klineHub.health().connections, 1)
})

t.test('one subscribe gets one ack that names what was accepted and what was rejected, then each key\'s current bar', async (t) => {
  const app = await build(t)
  await app.klineHub.ingest([minute(0), minute(1)])
  const client = await connect(t, app)
  client.send({ op: 'subscribe', id: 7, args: ['rb2601.1h', 'nonsense', 'rb2601.1m', 'rb2601.7m', 'new.1m', 'rb2601.1h'] })
  const ack = await client.next()
  const { epoch } = app.klineHub.health()
  t.match(ack, { type: 'ack', id: 7, op: 'subscribe' })
  t.strictSame(ack.keys, [{ key: 'rb2601.1h', epoch, seq: 0 }, { key: 'rb2601.1m', epoch, seq: 2 }, { key: 'new.1m', epoch, seq: 0 }])
  t.strictSame(ack.rejected.map(({ key, code }: Message) => [key, code]), [['nonsense', 'BAD_KEY'], ['rb2601.7m', 'UNKNOWN_PERIOD']])
  const hour = { time: MONDAY, open: 10, high: 12, low: 9, close: 11, volume: 10, closed: false, revision: 0 }
  t.strictSame(await client.take(3), [
    { type: 'snapshot', key: 'rb2601.1h', epoch, seq: 0, bars: [hour] },
    { type: 'snapshot', key: 'rb2601.1m', epoch, seq: 2, bars: [{ ...hour, time: MONDAY + 60_000, volume: 5, closed: true }] },
    { type: 'snapshot', key: 'new.1m', epoch, seq: 0, bars: [] },
  ])
  t.strictSame(await client.rest(), [])
})

t.test('subscribing to a key again answers with a new snapshot and still delivers each bar once', async (t) => {
  const app = await build(t)
  const client = await subscriber(t, app, ['rb2601.1m'])
  client.send({ op: 'subscribe', args: ['rb2601.1m', 'rb2601.5m'] })
  t.strictSame((await client.take(3)).map(({ type }) => type), ['ack', 'snapshot', 'snapshot'])
  t.equal(app.klineHub.health().keys, 2)
  await app.klineHub.ingest(minute(0))
  t.strictSame((await client.rest()).map(({ key }) => key), ['rb2601.1m', 'rb2601.5m'])
})

t.test('an unsubscribed key leaves no trace, and one that was not held is named', async (t) => {
  const app = await build(t)
  const client = await subscriber(t, app, ['rb2601.1m', 'rb2601.5m'])
  const ack = await client.ask({ op: 'unsubscribe', id: 'u', args: ['rb2601.1m', 'rb2601.1d'] })
  t.match(ack, { type: 'ack', id: 'u', op: 'unsubscribe', keys: ['rb2601.1m'], rejected: [{ key: 'rb2601.1d', code: 'NOT_SUBSCRIBED' }] })
  t.equal(app.klineHub.health().keys, 1)
  await app.klineHub.ingest(minute(0))
  t.strictSame((await client.rest()).map(({ key }) => key), ['rb2601.5m'])
  await client.ask({ op: 'unsubscribe', args: ['rb2601.5m'] })
  t.equal(app.klineHub.health().keys, 0)
})

t.test('list names the keys that the connection holds', async (t) => {
  const app = await build(t)
  const client = await subscriber(t, app, ['rb2601.5m', 'rb2601.1m'])
  t.strictSame(await client.ask({ op: 'list', id: 1 }), { type: 'ack', id: 1, op: 'list', keys: ['rb2601.5m', 'rb2601.1m'] })
})

t.test('a ping is answered with its id and the time', async (t) => {
  const client = await connect(t, await build(t))
  const pong = await client.ask({ op: 'ping', id: 'p' })
  t.match(pong, { type: 'pong', id: 'p' })
  t.ok(Math.abs(Date.now() - pong.ts) < 60_000)
})

t.test('an accepted minute reaches every subscriber in every period, 1m first and ascending, one event per key', async (t) => {
  const app = await build(t)
  const keys = PERIODS.map((period) => `rb2601.${period}`)
  const everyone = [await subscriber(t, app, keys.toReversed()), await subscriber(t, app, keys)]
  const stranger = await subscriber(t, app, ['rb2605.1m', 'RB2601.1m'])
  for (let place = 0; place < 6; place++) {
    await app.klineHub.ingest(minute(place))
    for (const client of everyone) {
      const messages = await client.take(keys.length)
      t.strictSame(messages.map(({ key }) => key), keys)
      for (const { type, bar } of messages) {
        t.equal(type, 'bar')
        t.ok(bar.time <= MONDAY + place * 60_000)
      }
    }
  }
  for (const client of [...everyone, stranger]) t.strictSame(await client.rest(), [])
})

t.test('a bar is closed exactly with its last minute', async (t) => {
  const app = await build(t)
  const client = await subscriber(t, app, ['rb2601.1m', 'rb2601.3m', 'rb2601.5m'])
  const closed: string[] = []
  for (let place = 0; place < 15; place++) {
    await app.klineHub.ingest(minute(place))
    for (const { key, seq, bar } of await client.take(3)) {
      t.equal(bar.closed, seq !== undefined, 'a closed bar has a number, an open one has none')
      if (bar.closed) closed.push(`${place} ${key}`)
    }
  }
  const expected = Array.from({ length: 15 }, (_, place) => [
    `${place} rb2601.1m`,
    ...(place % 3 === 2 ? [`${place} rb2601.3m`] : []),
    ...(place % 5 === 4 ? [`${place} rb2601.5m`] : []),
  ])
  t.strictSame(closed, expected.flat())
})

t.test('a bar whose last minutes were empty closes when the next one begins', async (t) => {
  const app = await build(t)
  const client = await subscriber(t, app, ['rb2601.5m'])
  await app.klineHub.ingest(minute(0))
  t.match(await client.next(), { bar: { time: MONDAY, closed: false } })
  await app.klineHub.ingest(minute(7))
  t.match(await client.next(), { seq: 1, bar: { time: MONDAY, closed: true } })
  t.match(await client.next(), { bar: { time: MONDAY + 300_000, closed: false } })
  t.strictSame(await client.rest(), [])
})

t.test('a duplicate minute is pushed to nobody', async (t) => {
  const app = await build(t)
  const client = await subscriber(t, app, ['rb2601.1m', 'rb2601.5m'])
  await app.klineHub.ingest(minute(0))
  await client.take(2)
  await app.klineHub.ingest(minute(0))
  t.strictSame(await client.rest(), [])
})

t.test('closedOnly leaves out the updates of unfinished bars', async (t) => {
  const app = await build(t)
  const client = await subscriber(t, app, ['rb2601.1m', 'rb2601.3m'], { closedOnly: true })
  for (let place = 0; place < 4; place++) await app.klineHub.ingest(minute(place))
  const messages = await client.rest()
  t.strictSame(messages.map(({ key, seq }) => [key, seq]), [['rb2601.1m', 1], ['rb2601.1m', 2], ['rb2601.1m', 3], ['rb2601.3m', 1], ['rb2601.1m', 4]])
  t.ok(messages.every(({ bar }) => bar.closed))
})

t.test('history asks for so many of the newest bars, ascending', async (t) => {
  const app = await build(t, { maxHistory: 10 })
  await app.klineHub.ingest(Array.from({ length: 20 }, (_, place) => minute(place)))
  const client = await connect(t, app)
  client.send({ op: 'subscribe', args: ['rb2601.1m', 'rb2601.5m'], history: 10 })
  const [, minutes, fives] = await client.take(3)
  t.strictSame(minutes.bars.map(({ time }: Message) => (time - MONDAY) / 60_000), [10, 11, 12, 13, 14, 15, 16, 17, 18, 19])
  t.strictSame(fives.bars.map(({ time }: Message) => (time - MONDAY) / 60_000), [0, 5, 10, 15])
  const refusal = await client.ask({ op: 'subscribe', id: 1, args: ['rb2601.1h'], history: 11 })
  t.match(refusal, { type: 'error', id: 1, code: 'BAD_FRAME', message: /`history`.*`11`/ })
  t.equal((await client.ask({ op: 'list' })).keys.length, 2)
})

t.test('a malformed frame is answered with an error that says what was expected', async (t) => {
  const client = await connect(t, await build(t, { maxFrameBytes: 300 }))
  const cases: [string | Buffer | object, object][] = [
    ['{nope', { code: 'BAD_FRAME', message: /JSON.*\{nope/ }],
    ['[]', { code: 'BAD_FRAME', message: /JSON object/ }],
    [Buffer.from('{"op":"list"}'), { code: 'BAD_FRAME', message: /text frame/ }],
    [{ id: 3 }, { id: 3, code: 'BAD_FRAME', message: /`op`.*nothing/ }],
    [{ op: 'buy', id: 4 }, { id: 4, code: 'UNKNOWN_OP', message: /"buy"/ }],
    [{ op: 'list', id: 5, extra: 1 }, { id: 5, code: 'BAD_FRAME', message: /extra/ }],
    [{ op: 'subscribe', id: 6, args: 'rb2601.1m' }, { id: 6, code: 'BAD_FRAME', message: /args/ }],
    [{ op: 'subscribe', id: 7, args: [], history: 0 }, { id: 7, code: 'BAD_FRAME', message: /history/ }],
    [{ op: 'list', id: 'x'.repeat(400) }, { code: 'FRAME_TOO_LONG', message: /at most 300 bytes/ }],
  ]
  for (const [frame, expected] of cases) t.match(await client.ask(frame), { type: 'error', ...expected })
  t.match(await client.ask({ op: 'ping' }), { type: 'pong' })
})

t.test('malformed frames in a row close the connection with 4009, a good one in between starts the count again', async (t) => {
  const app = await build(t, { maxBadFrames: 3 })
  const client = await connect(t, app)
  for (const frame of ['{', '{', '{"op":"ping"}', '{', '{']) await client.ask(frame)
  t.equal(client.webSocket.readyState, client.webSocket.OPEN)
  t.match(await client.ask('{'), { type: 'error', code: 'BAD_FRAME' })
  t.match(await client.closed, { code: 4009, reason: CLOSE_CODES.malformed.reason })
  t.ok(await eventually(() => app.klineHub.health().connections === 0))
})

t.test('a subscription past the limit of keys changes nothing', async (t) => {
  const app = await build(t, { maxKeysPerConnection: 3 })
  const client = await subscriber(t, app, ['a.1m', 'b.1m'])
  t.match(await client.ask({ op: 'subscribe', id: 1, args: ['c.1m', 'd.1m'] }), { type: 'error', id: 1, code: 'TOO_MANY_KEYS' })
  t.strictSame((await client.ask({ op: 'list' })).keys, ['a.1m', 'b.1m'])
  t.equal(app.klineHub.health().keys, 2)
  t.match(await client.ask({ op: 'subscribe', id: 2, args: ['a.1m', 'c.1m', 'bad'] }), { type: 'ack', id: 2 })
  t.equal(app.klineHub.health().keys, 3)
})

t.test('closing the application tells each peer when to come back, then closes with 1001', async (t) => {
  const app = await build(t)
  const clients = [await subscriber(t, app, ['rb2601.1m']), await connect(t, app)]
  await app.close()
  for (const client of clients) {
    const notice = await client.next()
    t.match(notice, { type: 'notice', code: 'GOING_AWAY', retryMs: Number })
    t.ok(notice.retryMs >= 500 && notice.retryMs < 2500)
    t.match(await client.closed, { code: 1001, reason: 'going away' })
  }
  t.match(app.klineHub.health(), { status: 'closing', connections: 0, keys: 0 })
})

t.test('what was sent before the application closes arrives before the notice', async (t) => {
  const app = await build(t)
  const client = await subscriber(t, app, ['rb2601.1m'])
  const ingested = app.klineHub.ingest(minute(0))
  await app.close()
  t.strictSame(await ingested, { accepted: 1, duplicates: 0, revised: 0 })
  t.strictSame((await client.take(2)).map(({ type }) => type), ['bar', 'notice'])
})

t.test('nothing is left of 10,000 connections, however they ended', async (t) => {
  const app = await build(t)
  for (let round = 0; round < 50; round++) {
    const clients = await Promise.all(Array.from({ length: 200 }, async (_, i) => await subscriber(t, app, ['rb2601.1m', `c${i}.5m`])))
    t.equal(app.klineHub.health().connections, 200)
    t.equal(app.klineHub.health().keys, 201)
    for (const [i, { webSocket }] of clients.entries()) {
      if (i % 2 === 0) webSocket.close()
      else webSocket.terminate()
    }
    await Promise.all(clients.map(async ({ closed }) => await closed))
    t.ok(await eventually(() => app.klineHub.health().connections === 0))
    t.equal(app.klineHub.health().keys, 0)
  }
})

t.test('a client that comes back after a restart of the server goes on where it was', async (t) => {
  const dataDir = t.testdir()
  const first = await build(t, { dataDir })
  const before = await subscriber(t, first, ['rb2601.1m', 'rb2601.3m'])
  await first.klineHub.ingest([minute(0), minute(1)])
  const bars = await before.take(3)
  const { epoch } = first.klineHub.klines({ symbol: 'rb2601', period: '1m' })
  t.match(bars, [{ key: 'rb2601.1m', seq: 1 }, { key: 'rb2601.1m', seq: 2 }, { key: 'rb2601.3m', bar: { closed: false } }])
  await first.klineHub.ingest([minute(2), minute(3), minute(0, { close: 10 })])
  await first.close()

  const second = await build(t, { dataDir })
  const after = await connect(t, second)
  after.send({ op: 'subscribe', args: ['rb2601.1m', 'rb2601.3m'], since: { 'rb2601.1m': { epoch, seq: 2 }, 'rb2601.3m': { epoch, seq: 0 } } })
  t.match(await after.next(), { type: 'ack', keys: [{ key: 'rb2601.1m', seq: 5, recovered: true, replayed: 3 }, { key: 'rb2601.3m', seq: 2, recovered: true, replayed: 2 }] })
  t.match(await after.take(6), [
    { key: 'rb2601.1m', seq: 3, bar: { time: MONDAY + 120_000, revision: 0 } },
    { key: 'rb2601.1m', seq: 4 },
    { key: 'rb2601.1m', seq: 5, bar: { time: MONDAY, close: 10, revision: 1 } },
    { key: 'rb2601.3m', seq: 1, bar: { time: MONDAY, closed: true, revision: 0 } },
    { key: 'rb2601.3m', seq: 2, bar: { time: MONDAY, closed: true, revision: 1 } },
    { key: 'rb2601.3m', bar: { time: MONDAY + 180_000, closed: false } },
  ])
  await second.klineHub.ingest(minute(4))
  t.match(await after.take(2), [{ key: 'rb2601.1m', seq: 6 }, { key: 'rb2601.3m', bar: { closed: false } }])
})

t.test('watermarks and resets reach those who asked, over a real socket', async (t) => {
  const app = await build(t)
  const asked = await connect(t, app)
  asked.send({ op: 'subscribe', args: ['rb2601.5m'], watermarks: true })
  const other = await subscriber(t, app, ['rb2601.5m'])
  await asked.take(2)
  await app.klineHub.ingest(minute(0))
  await app.klineHub.watermark({ time: MONDAY + 300_000 })
  t.strictSame((await asked.take(3)).map(({ type, time, bar }) => [type, time ?? bar.closed]), [['bar', false], ['bar', true], ['watermark', MONDAY + 300_000]])
  await app.klineHub.import([minute(10)])
  t.match(await asked.next(), { type: 'reset', key: 'rb2601.5m', epoch: /./, seq: 2 })
  t.strictSame((await other.take(3)).map(({ type }) => type), ['bar', 'bar', 'reset'])
})

t.test('a frame nested deeper than any stack is an error, and hurts nobody', async (t) => {
  const app = await build(t, { maxFrameBytes: 1_000_000 })
  const client = await connect(t, app)
  const deep = '['.repeat(200_000) + ']'.repeat(200_000)
  for (const frame of [deep, `{"op":${deep}}`, `{"op":"subscribe","args":${deep}}`, `{"op":"list","id":${deep}}`, `{"op":"subscribe","args":[],"since":{"a.1m":${deep}}}`]) {
    t.match(await client.ask(frame), { type: 'error', code: 'BAD_FRAME' })
  }
  t.match(await client.ask({ op: 'ping' }), { type: 'pong' })
})

t.test('a fault of ours that a frame finds costs its connection and nobody else', async (t) => {
  // At once, and while the client waits for an answer.
  for (const fault of [() => { throw new Error('a bug') }, async () => { throw new Error('a bug') }]) {
    const app = await build(t)
    t.intercept(Session.prototype, 'refused', { value: fault })
    const other = await connect(t, app)
    const unlucky = await connect(t, app)
    unlucky.send({ op: 'subscribe', args: ['a.1m'] })
    t.strictSame(await unlucky.closed, { code: 1011, reason: 'a fault of the server' })
    t.match(await other.ask({ op: 'ping' }), { type: 'pong' })
    t.ok(await eventually(() => app.klineHub.health().connections === 1))
  }
})

t.test('clients that offer compression get it where it is switched on, and all get the same', async (t) => {
  const bytes = new Map<string, number>()
  for (const deflate of [true, false]) {
    const app = await build(t, { deflate })
    const path = `${app.listeningOrigin.replace('http', 'ws')}/ws`
    const clients = [await connectTo(t, path, { perMessageDeflate: true }), await connectTo(t, path, { perMessageDeflate: false })]
    t.strictSame(clients.map(({ webSocket }) => webSocket.extensions), [deflate ? 'permessage-deflate' : '', ''])
    await app.klineHub.ingest(Array.from({ length: 200 }, (_, place) => minute(place)))
    for (const client of clients) {
      client.send({ op: 'subscribe', args: ['rb2601.1m', 'rb2601.5m'], history: 200 })
      await client.take(3)
    }
    await app.klineHub.ingest(Array.from({ length: 20 }, (_, place) => minute(200 + place)))
    const [one, other] = await Promise.all(clients.map(async (client) => await client.rest()))
    t.equal(one.length, 24)
    t.strictSame(one, other)
    bytes.set(`${deflate} offered`, bytesOf(clients[0])).set(`${deflate} not offered`, bytesOf(clients[1]))
  }
  const least = bytes.get('true offered') as number
  for (const [who, read] of bytes) if (who !== 'true offered') t.ok(read > 4 * least, `${who}: ${read}, and ${least} with it`)
})

t.test('where the application has agreed with its clients on something of its own, frames go as they are', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(websocket, { options: { perMessageDeflate: { serverMaxWindowBits: 8 } } })
  await app.register(klinePush, { deflate: true })
  await app.listen({ host: '127.0.0.1', port: 0 })
  await app.klineHub.ingest(Array.from({ length: 500 }, (_, place) => minute(place)))
  const client = await connect(t, app)
  t.equal(client.webSocket.extensions, 'permessage-deflate')
  t.match(await client.ask({ op: 'subscribe', args: ['rb2601.1m'], history: 500 }), { type: 'ack' })
  t.equal((await client.next()).bars.length, 500)
  t.ok(bytesOf(client) > 50_000)
})

function bytesOf ({ webSocket }: Client): number {
  return (webSocket as unknown as { _socket: { bytesRead: number } })._socket.bytesRead
}

t.test('with batch, what goes out together comes as one frame, until it is switched off', async (t) => {
  const app = await build(t)
  const client = await connect(t, app)
  const keys = ['rb2601.1m', 'rb2601.5m']
  t.match(await client.ask({ op: 'subscribe', id: 1, args: keys, batch: true }), { type: 'batch', frames: [{ type: 'ack', id: 1 }, { type: 'snapshot' }, { type: 'snapshot' }] })
  await app.klineHub.ingest([minute(0), minute(1)])
  const { type, frames } = await client.next()
  t.equal(type, 'batch')
  t.strictSame(frames.map(({ key, seq }: Message) => [key, seq]), [['rb2601.1m', 1], ['rb2601.1m', 2], ['rb2601.5m', undefined]])
  t.match(await client.ask({ op: 'subscribe', id: 2, args: ['rb2601.1h'] }), { type: 'batch' }, 'a request that says nothing of it changes nothing')
  t.match(await client.ask({ op: 'ping', id: 3 }), { type: 'pong', id: 3 }, 'one frame is no batch')
  client.send({ op: 'subscribe', args: ['rb2601.3m'], batch: false })
  t.strictSame((await client.take(2)).map(({ type }) => type), ['ack', 'snapshot'])
  await app.klineHub.ingest(minute(2))
  t.strictSame((await client.take(4)).map(({ key }) => key), ['rb2601.1m', 'rb2601.3m', 'rb2601.5m', 'rb2601.1h'])
  t.match(await client.ask({ op: 'subscribe', args: ['a.1m'], batch: 1 }), { type: 'error', code: 'BAD_FRAME', message: /`batch`.*`1`/ })
})

function upgradeTo (path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`
}

t.test('an upgrade to an address that can not be read is answered, and its socket does not stay', async (t) => {
  const app = await build(t)
  const { port } = app.server.address() as AddressInfo
  for (let i = 0; i < 20; i++) {
    const socket = connectNet(port, '127.0.0.1')
    t.teardown(() => { socket.destroy() })
    socket.write(upgradeTo('/%'))
    let answer = ''
    socket.on('data', (bytes) => { answer += bytes.toString() })
    await once(socket, 'close')
    t.match(answer, /^HTTP\/1.1 400 /)
  }
})

t.test('a connection that breaks the protocol is a line of the log, and costs nobody else', async (t) => {
  const lines: string[] = []
  const app = Fastify({ logger: { level: 'info', stream: { write (line: string) { lines.push(line) } } } })
  t.teardown(() => app.close())
  await app.register(klinePush)
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const other = await connect(t, app)
  const socket = connectNet(port, '127.0.0.1')
  socket.write(upgradeTo('/ws'))
  await once(socket, 'data')
  socket.write(Buffer.from([0x81, 0x01, 0x61])) // not masked
  await once(socket, 'close')
  const broken = lines.filter((line) => line.includes('a connection broke'))
  t.equal(broken.length, 1)
  t.match(JSON.parse(broken[0]), { level: 30, reason: /MASK/ })
  t.notOk(lines.join('').includes('stack'))
  t.match(await other.ask({ op: 'ping' }), { type: 'pong' })
})

t.test("a fault of the application's own socket route is in the log as one", async (t) => {
  const lines: string[] = []
  const app = Fastify({ logger: { level: 'error', stream: { write (line: string) { lines.push(line) } } } })
  t.teardown(() => app.close())
  await app.register(klinePush)
  app.get('/own', { websocket: true }, () => { throw new Error('a bug') })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const socket = connectNet(port, '127.0.0.1')
  socket.write(upgradeTo('/own'))
  socket.resume()
  await once(socket, 'close')
  t.match(lines.map((line) => JSON.parse(line)), [{ level: 50, err: { message: 'a bug' } }])
})
