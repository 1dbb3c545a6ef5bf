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

const KEY = 'rb2601.1m'
const bar = (seq: number, fields: object = {}) => ({ type: 'bar', key: KEY, seq, ts: 1, bar: { ...EMPTY_BAR, ...fields } })

/** Says this once it is asked for keys: that they are there, with these bars, and what comes then. */
function say ({ bars = [] as object[], epoch = 'e', then = [] as object[] } = {}): (webSocket: WebSocket) => void {
  return (webSocket) => {
    webSocket.on('message', (data: Buffer) => {
      const { op, id, args } = JSON.parse(data.toString()) as { op: string, id: number, args: string[] }
      if (op !== 'subscribe') return
      send({ type: 'ack', id, op, keys: args.map((key) => ({ key, epoch, seq: 1 })), rejected: [] }, ...args.map((key) => ({ type: 'snapshot', key, epoch, seq: 1, bars })), ...then)(webSocket)
    })
  }
}

function send (...messages: (object | string)[]): (webSocket: WebSocket) => void {
  return (webSocket) => { for (const message of messages) webSocket.send(typeof message === 'string' ? message : JSON.stringify(message)) }
}

/** Does what the first does, and is gone a moment after it has said all. */
function thenEnd (play: (webSocket: WebSocket) => void, end: (webSocket: WebSocket) => void): (webSocket: WebSocket) => void {
  return (webSocket) => {
    play(webSocket)
    webSocket.on('message', () => { end(webSocket) })
  }
}

/** Watches rb2601.1m; time stands still until it is told otherwise. */
function prepare (url: string | FastifyInstance, given: Partial<WatchOptions> = {}) {
  const controller = new AbortController()
  const clock = new FakeClock()
  const out = new Collect()
  const err = new Collect()
  const options: WatchOptions = {
    keys: [KEY],
    url: typeof url === 'string' ? url : `${url.listeningOrigin.replace('http', 'ws')}/ws`,
    out,
    err,
    signal: controller.signal,
    clock,
    ...given,
  }
  return { controller, clock, out, err, options }
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
  const { controller, clock, out, err, options } = prepare(first)
  const watching = watch(options)
  await first.klineHub.ingest(minute(0))
  await out.until(/01:00Z.*\n/)
  await first.close()
  await err.until(/\n/)
  const second = await start(t, port)
  await second.klineHub.ingest([minute(0), minute(1), minute(2)])
  clock.skip()
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
  const { controller, clock, out, err, options } = prepare(first)
  const watching = watch(options)
  await first.klineHub.ingest(minute(0))
  await out.until(/01:00Z.*\n/)
  await first.close()
  await err.until(/\n/)
  const second = await start(t, port, dataDir)
  await second.klineHub.ingest([...Array.from({ length: 300 }, (_, index) => minute(index + 1)), { ...minute(0), close: 3 }])
  clock.skip()
  await out.until(/06:00Z.*\n[^]*revision 1/)
  controller.abort()
  await watching
  const lines = out.text.match(/\d\d:\d\dZ.*\n/g) ?? []
  t.equal(lines.length, 302)
  t.match(lines[301], /^01:00Z.*revision 1/)
})

t.test('a server that dies in the middle is said to be lost, and the bar that it revised meanwhile is printed again', async (t) => {
  const older = { ...EMPTY_BAR, time: TIME - 60_000 }
  const revised = { ...EMPTY_BAR, close: 3, revision: 1 }
  const url = await play(t, thenEnd(say({ bars: [EMPTY_BAR] }), (webSocket) => { webSocket.terminate() }), say({ bars: [older, revised], epoch: 'f' }))
  const { controller, clock, out, err, options } = prepare(url)
  const watching = watch(options)
  await err.until(/\n/)
  clock.skip()
  await out.until(/revision 1\n/)
  controller.abort()
  await watching
  t.match(err.text, /^lost ws:\S+ \(1006\), back in \d\.\d s\n$/)
  t.strictSame(out.text.match(/\d\d:\d\dZ/g), ['01:00Z', '01:00Z'], 'the older bar is older than what was printed')
})

t.test('a late bar is printed, and is no news about the newest one', async (t) => {
  const late = { ...EMPTY_BAR, time: TIME - 60_000, revision: 1 }
  const url = await play(t,
    thenEnd(say({ bars: [EMPTY_BAR], then: [bar(2, late)] }), (webSocket) => { webSocket.close(4212, 'no pong') }),
    say({ bars: [late, EMPTY_BAR], epoch: 'f', then: [bar(2, { time: TIME + 60_000 })] }),
  )
  const { controller, clock, out, err, options } = prepare(url)
  const watching = watch(options)
  await err.until(/\n/)
  clock.skip()
  await out.until(/01:01Z.*\n/)
  controller.abort()
  await watching
  t.strictSame(out.text.match(/0[01]:\d\dZ/g), ['01:00Z', '00:59Z', '01:01Z'])
  t.match(err.text, /\(4212 no pong\), back in 0\.0 s/, 'such a code says: at once')
})

t.test('a server that says when to come back is left alone for so long', async (t) => {
  const notice = { type: 'notice', code: 'GOING_AWAY', retryMs: 12_300, message: 'The server is going down' }
  const url = await play(t, thenEnd(say({ then: [{ type: 'heartbeat', ts: 1 }, notice] }), (webSocket) => { webSocket.close(1001, 'going away') }))
  const { controller, err, options } = prepare(url)
  const watching = watch(options)
  await err.until(/\n/)
  controller.abort()
  await watching
  t.match(err.text, /\(1001 going away\), back in 12\.3 s\n$/)
})

t.test('a server that is not there is tried again and again, and its absence is explained', async (t) => {
  const app = await start(t)
  const { controller, clock, err, options } = prepare(app)
  await app.close()
  const watching = watch(options)
  for (const tries of [1, 2, 3]) {
    await err.until(new RegExp(`(.*\n){${tries}}`))
    clock.skip()
  }
  controller.abort()
  await watching
  t.match(err.text, /^(lost ws:\S+ \(1006 ECONNREFUSED\), back in \d\.\d s\n){3}/)
})

t.test('an answer that is no WebSocket is shown', async (t) => {
  const server = createServer((_, response) => { response.writeHead(500).end('a bug') })
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => { server.close() })
  const { controller, err, options } = prepare(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const watching = watch(options)
  await err.until(/\n/)
  controller.abort()
  await watching
  t.match(err.text, /^lost ws:\S+ \(1006 Unexpected server response: 500\), back in/)
})

t.test('a close code that says stop is an error', async (t) => {
  const url = await play(t, (webSocket) => { webSocket.close(4009, 'too many malformed frames') })
  await t.rejects(watch(prepare(url).options), { message: `${url} closed the connection for good: 4009 too many malformed frames` })
})

t.test('a rejected key is named; when none is left it is an error', async (t) => {
  const app = await start(t)
  const { err, options } = prepare(app, { keys: ['rb2601.7m', 'rb2601.8m'] })
  await t.rejects(watch(options), { message: 'None of the keys can be watched' })
  t.match(err.text, /^rb2601\.7m: Expected the period.*\nrb2601\.8m: /)
})

t.test('a refused subscription and an address that is none are errors that say so', async (t) => {
  const url = await play(t, (webSocket) => {
    webSocket.on('message', () => { send({ type: 'error', id: 1, code: 'TOO_MANY_KEYS', message: 'Expected at most 3 keys' })(webSocket) })
  })
  await t.rejects(watch(prepare(url).options), { message: `${url} refused the subscription: TOO_MANY_KEYS Expected at most 3 keys` })
  await t.rejects(watch(prepare('nowhere').options), { message: 'Expected `url` to be that of a WebSocket, got `nowhere`' })
})

t.test('a server that says what nobody understands is an error that shows it', async (t) => {
  const url = await play(t, send('hello'))
  await t.rejects(watch(prepare(url).options), { message: `${url} closed the connection for good: 4002 not understood: hello` })
})

t.test('a token is said before anything else', async (t) => {
  const said: unknown[] = []
  const url = await play(t, (webSocket) => {
    say({ bars: [EMPTY_BAR] })(webSocket)
    webSocket.on('message', (data: Buffer) => {
      const { op, id, token } = JSON.parse(data.toString()) as { op: string, id: string, token?: string }
      said.push([op, token])
      if (op === 'auth') send({ type: 'ack', id, op })(webSocket)
    })
  })
  const { controller, out, options } = prepare(url, { token: 'secret' })
  const watching = watch(options)
  await out.until(/\n/)
  controller.abort()
  await watching
  t.strictSame(said, [['auth', 'secret'], ['subscribe', undefined]])
})

t.test('a server that no longer answers is left', async (t) => {
  const url = await play(t, (webSocket) => {
    say()(webSocket)
    webSocket.once('message', () => { webSocket.pause() })
  }, say())
  const { controller, clock, err, options } = prepare(url)
  let acked = (): void => {}
  const subscribed = async (): Promise<void> => { await new Promise<void>((resolve) => { acked = resolve }) }
  const first = subscribed()
  const watching = watch({ ...options, onSubscribed: () => { acked() } })
  await first
  clock.advance(45_000)
  const second = subscribed()
  clock.skip()
  await second
  controller.abort()
  await watching
  t.match(err.text, /^lost ws:\S+ \(1006 silent\), back in/)
})

t.test('a stop while it still connects ends it', async (t) => {
  const server = createServer()
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => { server.close() })
  const { controller, clock, err, options } = prepare(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
  server.on('upgrade', () => { controller.abort() })
  await watch(options)
  t.equal(err.text, '')
  clock.skip()
})
