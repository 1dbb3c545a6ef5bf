import t, { type Test } from 'tap'
import type { FastifyInstance } from 'fastify'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { watch, type WatchOptions } from '../../src/cli/watch.ts'
import { serve } from '../../src/serve.ts'
import { FakeClock } from '../fixture/clock.ts'
import { Collect } from '../fixture/collect.ts'

const TIME = Date.UTC(2026, 0, 5, 1)
const EMPTY_BAR = { time: TIME, open: 1, high: 3, low: 1, close: 2, volume: 5, closed: true, revision: 0 }

function minute (index: number, symbol = 'rb2601') {
  return { symbol, time: TIME + index * 60_000, open: 1, high: 3, low: 1, close: 2, volume: 5 }
}

async function start (t: Test, port = 0, dataDir?: string): Promise<FastifyInstance> {
  const app = await serve({ host: '127.0.0.1', port, logger: false, ...(dataDir === undefined ? undefined : { dataDir }) })
  t.teardown(async () => { await app.close() })
  return app
}

/** A server that is none of ours: each connection in turn gets one of these. */
async function play (t: Test, ...connections: ((webSocket: WebSocket) => void)[]): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  t.teardown(() => {
    for (const webSocket of server.clients) webSocket.terminate()
    server.close()
  })
  server.on('connection', (webSocket) => { connections.shift()?.(webSocket) })
  await new Promise((resolve) => { server.once('listening', resolve) })
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function send (...messages: (object | string)[]): (webSocket: WebSocket) => void {
  return (webSocket) => { for (const message of messages) webSocket.send(typeof message === 'string' ? message : JSON.stringify(message)) }
}

const ack = { type: 'ack', id: 1, op: 'subscribe', keys: [{ key: 'rb2601.1m' }], rejected: [] }
const bar = { type: 'bar', key: 'rb2601.1m', bar: EMPTY_BAR }

/** Watches rb2601.1m without a pause between tries; the watch has ended when the test does. */
function prepare (url: string | FastifyInstance, given: Partial<WatchOptions> = {}) {
  const controller = new AbortController()
  const out = new Collect()
  const err = new Collect()
  const options: WatchOptions = {
    keys: ['rb2601.1m'],
    url: typeof url === 'string' ? url : `${url.listeningOrigin.replace('http', 'ws')}/ws`,
    out,
    err,
    signal: controller.signal,
    pause: async () => {},
    ...given,
  }
  return { controller, out, err, options }
}

t.test('each bar is one readable line, until the signal says stop', async (t) => {
  const app = await start(t)
  const { controller, out, options } = prepare(app, { keys: ['rb2601.1m', 'rb2601.5m'] })
  let watching = Promise.resolve()
  await new Promise<void>((resolve) => { watching = watch({ ...options, onSubscribed: resolve }) })
  await app.klineHub.ingest(minute(0))
  await out.until(/5m.*\n/)
  controller.abort()
  await watching
  t.match(out.text, /^2026-01-05 01:00Z {2}rb2601\.1m +O 1 +H 3 +L 1 +C 2 +V 5 +closed\n2026-01-05 01:00Z {2}rb2601\.5m .* open\n$/)
})

t.test('a watch that was stopped before it began does nothing', async () => {
  const { options } = prepare('ws://127.0.0.1:1', { signal: AbortSignal.abort() })
  await watch(options)
})

t.test('after a lost connection it comes back and prints what it missed, once', async (t) => {
  const first = await start(t)
  const { port } = first.server.address() as AddressInfo
  const pause = async () => {
    await first.close()
    const second = await start(t, port)
    await second.klineHub.ingest([minute(0), minute(1), minute(2)])
  }
  const { controller, out, err, options } = prepare(first, { pause })
  const watching = watch(options)
  await first.klineHub.ingest(minute(0))
  await out.until(/01:00Z.*\n/)
  await first.close()
  await out.until(/01:02Z.*\n/)
  controller.abort()
  await watching
  t.match(err.text, /^lost ws:\S+ \(1001 going away\), back in \d\.\d s\n$/)
  t.strictSame(out.text.match(/01:0\dZ/g), ['01:00Z', '01:01Z', '01:02Z'])
})

t.test('a server that kept its data tells all that was missed, however much, with the revisions', async (t) => {
  const dataDir = t.testdir()
  const first = await start(t, 0, dataDir)
  const { port } = first.server.address() as AddressInfo
  const pause = async () => {
    await first.close()
    const second = await start(t, port, dataDir)
    await second.klineHub.ingest([...Array.from({ length: 300 }, (_, index) => minute(index + 1)), { ...minute(0), close: 3 }])
  }
  const { controller, out, options } = prepare(first, { pause })
  const watching = watch(options)
  await first.klineHub.ingest(minute(0))
  await out.until(/01:00Z.*\n/)
  await first.klineHub.import([minute(-1)])
  await first.close()
  await out.until(/06:00Z.*\n[^]*revision 1/)
  controller.abort()
  await watching
  const lines = out.text.match(/\d\d:\d\dZ.*\n/g) ?? []
  t.equal(lines.length, 302)
  t.match(lines[301], /^01:00Z.*revision 1/)
})

t.test('a server that dies in the middle is said to be lost, and the bar that it revised meanwhile is printed again', async (t) => {
  const die = (webSocket: WebSocket) => {
    send(ack, bar)(webSocket)
    webSocket.once('message', () => { webSocket.terminate() })
  }
  const revised = { ...EMPTY_BAR, close: 3, revision: 1 }
  const older = { ...EMPTY_BAR, time: TIME - 60_000 }
  const url = await play(t, die, send(ack, { type: 'snapshot', key: 'rb2601.1m', bars: [older, revised] }), () => {})
  const { controller, out, err, options } = prepare(url)
  const watching = watch(options)
  await out.until(/revision 1\n/)
  controller.abort()
  await watching
  t.match(err.text, /^lost ws:\S+ \(1006\), back in \d\.\d s\n$/)
  t.strictSame(out.text.match(/01:00Z.*|00:59Z.*/g)?.length, 2, 'the older bar is older than what was printed last')
})

t.test('a late bar is printed, and is no news about the newest one', async (t) => {
  const late = { ...bar, bar: { ...EMPTY_BAR, time: TIME - 60_000, revision: 1 } }
  const again = (webSocket: WebSocket) => {
    send(ack, bar, late)(webSocket)
    webSocket.once('message', () => { webSocket.close(4212, 'no pong') })
  }
  const url = await play(t, again, send(ack, { type: 'snapshot', key: 'rb2601.1m', bars: [EMPTY_BAR] }, { ...bar, bar: { ...EMPTY_BAR, time: TIME + 60_000 } }))
  const { controller, out, err, options } = prepare(url)
  const watching = watch(options)
  await out.until(/01:01Z.*\n/)
  controller.abort()
  await watching
  t.strictSame(out.text.match(/0[01]:\d\dZ/g), ['01:00Z', '00:59Z', '01:01Z'])
  t.match(err.text, /\(4212 no pong\), back in 0\.0 s/, 'such a code says: at once')
})

t.test('a server that says when to come back is left alone for so long', async (t) => {
  const goAway = (webSocket: WebSocket) => {
    send(ack, { type: 'heartbeat', ts: 1 }, { type: 'notice', code: 'GOING_AWAY', retryMs: 12_300, message: 'The server is going down' })(webSocket)
    webSocket.once('message', () => { webSocket.close(1001, 'going away') })
  }
  const { controller, err, options } = prepare(await play(t, goAway), { pause: async () => { controller.abort() } })
  await watch(options)
  t.match(err.text, /\(1001 going away\), back in 12\.3 s\n$/)
})

t.test('a server that is not there is tried again and again, and its absence is explained', async (t) => {
  const app = await start(t)
  let tries = 0
  const { controller, err, options } = prepare(app, { pause: async () => { if (++tries === 3) controller.abort() } })
  await app.close()
  await watch(options)
  t.equal(err.text.match(/lost ws:\S+ \(1006 ECONNREFUSED\), back in \d\.\d s\n/g)?.length, 3)
})

t.test('an answer that is no WebSocket is shown', async (t) => {
  const server = createServer((_, response) => { response.writeHead(500).end('a bug') })
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => { server.close() })
  const { controller, err, options } = prepare(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, { pause: async () => { controller.abort() } })
  await watch(options)
  t.match(err.text, /^lost ws:\S+ \(1006 Unexpected server response: 500\), back in/)
})

t.test('a close code that says stop is an error', async (t) => {
  const url = await play(t, (webSocket) => { webSocket.close(4009, 'too many malformed frames') })
  await t.rejects(watch(prepare(url).options), { message: /for good: 4009 too many malformed frames/ })
})

t.test('a rejected key is named; when none is left it is an error', async (t) => {
  const app = await start(t)
  const { err, options } = prepare(app, { keys: ['rb2601.7m'] })
  await t.rejects(watch(options), { message: 'None of the keys can be watched' })
  t.match(err.text, /^rb2601\.7m: Expected the period/)
})

t.test('a refused subscription and an address that is none are errors that say so', async (t) => {
  const url = await play(t, send({ type: 'error', id: 1, code: 'TOO_MANY_KEYS', message: 'Expected at most 3 keys' }))
  await t.rejects(watch(prepare(url).options), { message: `${url} refused the subscription: TOO_MANY_KEYS Expected at most 3 keys` })
  await t.rejects(watch(prepare('nowhere').options), { message: /Invalid URL: nowhere/ })
})

t.test('a server that says what nobody understands is an error that shows it', async (t) => {
  for (const [message, shown] of [['hello', 'hello'], ['null', 'null'], [{ type: 'ack' }, '{"type":"ack"}'], ['x'.repeat(300), 'x'.repeat(200)]] as const) {
    const url = await play(t, send(message))
    await t.rejects(watch(prepare(url).options), { message: `${url} does not speak as kline-push does: ${shown}` })
  }
})

t.test('a server that no longer answers pings is left; one that does is not', async (t) => {
  const clock = new FakeClock()
  const pings: WebSocket[] = []
  let onPing = (): void => {}
  const hear = (webSocket: WebSocket) => {
    send(ack)(webSocket)
    webSocket.on('ping', () => {
      pings.push(webSocket)
      onPing()
    })
  }
  const url = await play(t, hear, hear)
  const nextPing = async (): Promise<void> => {
    await new Promise<void>((resolve) => {
      onPing = resolve
      clock.advance(20_000)
    })
  }
  const acked = { now: () => {} }
  const { controller, err, options } = prepare(url, { clock, onSubscribed: () => { acked.now() } })
  const subscribed = async (): Promise<void> => { await new Promise<void>((resolve) => { acked.now = resolve }) }
  const first = subscribed()
  const watching = watch(options)
  await first
  await nextPing()
  const second = subscribed()
  pings[0].pause()
  clock.advance(20_000)
  clock.advance(20_000)
  await second
  controller.abort()
  await watching
  t.match(err.text, /^lost ws:\S+ \(1006\), back in/)
  t.equal(clock.timers, 0)
})

t.test('a server that does not answer the goodbye is left all the same', async (t) => {
  const { controller, options } = prepare(await play(t, (webSocket) => {
    send(ack)(webSocket)
    webSocket.pause()
  }), { onSubscribed: () => { controller.abort() } })
  await watch(options)
})

t.test('a stop while it still connects ends it', async (t) => {
  const server = createServer()
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => { server.close() })
  const { controller, err, options } = prepare(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
  server.on('upgrade', () => { controller.abort() })
  await watch(options)
  t.equal(err.text, '')
})
