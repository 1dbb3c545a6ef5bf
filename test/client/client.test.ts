import t from 'tap'
import { connect, KlineClientError } from '../../src/client/index.ts'
import type { Bar } from '../../src/market/bar.ts'
import { ack, bar, event, fakeServer, FakeWebSocket, snapshot } from '../fixture/fake-server.ts'

const KEY = 'rb2601.1m'
const ASK = { op: 'subscribe', args: [KEY], history: 1, closedOnly: false, watermarks: false, batch: false, since: {} }

t.test('keys of one moment are asked for together, each once, however many listen', async (t) => {
  const server = fakeServer(t)
  const socket = await server.accept()
  t.match(server.client, { state: 'live' }, 'there is nothing to wait for')
  const { client } = server
  client.series('a.1m', { history: 200 })
  client.subscribe('b.1m', () => {})
  client.subscribe('b.1m', () => {})
  t.strictSame(await server.asked(socket), [
    { ...ASK, id: 1, args: ['a.1m'], history: 200 },
    { ...ASK, id: 2, args: ['b.1m'] },
  ])
  t.strictSame(await server.asked(socket), [])
})

t.test('many keys are asked for in frames of a bounded size, and then come in batches', async (t) => {
  const server = fakeServer(t, { closedOnly: true, watermarks: true })
  for (let i = 0; i < 250; i++) server.client.series(`${String(i).padEnd(64, '\\')}.15m`)
  const socket = await server.accept()
  const frames = await server.asked(socket)
  t.match(frames, [{ history: 2, closedOnly: true, watermarks: true, batch: true }, {}, {}])
  t.strictSame(frames.map(({ args }) => args.length), [100, 100, 50])
  socket.say(...frames.map((frame) => ack(frame)), { type: 'batch', frames: frames.flatMap(({ args }) => args).map((key) => snapshot(key, 9, [])) })
  t.equal(server.client.state, 'live')
  socket.hangUp(1006)
  server.clock.advance(1000)
  const again = (await server.accept()).read()
  t.strictSame(again.map(({ since }) => Object.keys(since).length), [100, 100, 50])
  for (const frame of again) t.ok(JSON.stringify(frame).length < 40_000)
})

t.test('a key that nobody listens to any more is left, unless somebody comes within the moment', async (t) => {
  const server = fakeServer(t)
  const socket = await server.accept()
  const stops = ['a.1m', 'b.1m'].map((key) => server.client.subscribe(key, () => {}))
  await server.asked(socket)
  for (const stop of stops) stop()
  const series = server.client.series('b.1m')
  t.strictSame(await server.asked(socket), [{ op: 'unsubscribe', id: 2, args: ['a.1m'] }, { ...ASK, id: 3, args: ['b.1m'] }])
  series.close()
  socket.hangUp(1006)
  server.clock.advance(1000)
  t.strictSame((await server.accept()).read(), [], 'what was left while off the line is not asked for')
})

t.test('a key that is left and wanted again within the moment goes on', async (t) => {
  const server = fakeServer(t)
  const socket = await server.accept()
  const first = server.client.series(KEY)
  const [request] = await server.asked(socket)
  socket.say(ack(request, { seq: 1 }), snapshot(KEY, 1, [bar(1)]))
  first.close()
  const second = server.client.series(KEY)
  t.strictSame(await server.asked(socket), [])
  socket.say(event(KEY, 2, bar(2)))
  t.strictSame(second.bars, [bar(1), bar(2)])
})

t.test('the bars of a key come one by one: the newest first of all, then each as it comes', async (t) => {
  const server = fakeServer(t)
  const socket = await server.accept()
  const heard: { key: string, bar: Bar }[] = []
  const stop = server.client.subscribe(KEY, (event) => { heard.push(event) }, { history: 2 })
  const [request] = await server.asked(socket)
  socket.say(event(KEY, 8, bar(1)), ack(request, { seq: 7 }), snapshot(KEY, 7, [bar(1), bar(2)]))
  socket.say(event(KEY, undefined, bar(3, { closed: false })), event(KEY, 8, bar(3)), event('other.1m', 1, bar(3)))
  t.strictSame(heard, [bar(1), bar(2), bar(3, { closed: false }), bar(3)].map((bar) => ({ key: KEY, bar })))
  stop()
  socket.say(event(KEY, 9, bar(4)))
  t.equal(heard.length, 4)
})

t.test('one who stops while it is told of several bars is told no more', async (t) => {
  const server = fakeServer(t)
  const socket = await server.accept()
  const heard: Bar[] = []
  const stop = server.client.subscribe(KEY, ({ bar }) => {
    heard.push(bar)
    stop()
  }, { history: 2 })
  const [request] = await server.asked(socket)
  socket.say(ack(request), snapshot(KEY, 7, [bar(1), bar(2)]))
  t.strictSame(heard, [bar(1)])
})

t.test('whoever comes later begins with the bars that are held, or asks for more', async (t) => {
  const server = fakeServer(t)
  const socket = await server.accept()
  const heard: Record<string, number[]> = { early: [], late: [], greedy: [], gone: [] }
  const listen = (name: string, history: number) => server.client.subscribe(KEY, ({ bar: { time } }) => { heard[name].push(time / 60_000) }, { history, onReset () { t.fail('nothing was missed') } })
  listen('early', 2)
  const [request] = await server.asked(socket)
  socket.say(ack(request, { seq: 1 }), snapshot(KEY, 1, [bar(2), bar(3)]))
  listen('late', 1)
  listen('gone', 1)()
  t.strictSame(await server.asked(socket), [])
  t.strictSame(heard, { early: [2, 3], late: [3], greedy: [], gone: [] })
  listen('greedy', 3)
  socket.say(event(KEY, 2, bar(4)))
  const [more] = await server.asked(socket)
  t.strictSame(more, { ...ASK, id: 2, history: 128 })
  socket.say(ack(more, { seq: 1 }), snapshot(KEY, 1, [bar(1), bar(2), bar(3)]), event(KEY, 2, bar(4)))
  t.strictSame(heard, { early: [2, 3, 4], late: [3, 4], greedy: [1, 2, 3, 4], gone: [] })
})

t.test('while an answer is under way, a key that is asked for anew waits for the next answer', async (t) => {
  const server = fakeServer(t)
  const socket = await server.accept()
  const heard: Bar[] = []
  server.client.series(KEY)
  const [request] = await server.asked(socket)
  server.client.subscribe(KEY, ({ bar }) => { heard.push(bar) }, { history: 2 })
  socket.say(ack(request), snapshot(KEY, 1, [bar(2)]))
  t.strictSame(heard, [])
  const [more] = await server.asked(socket)
  socket.say(ack(more), snapshot(KEY, 1, [bar(1), bar(2)]))
  t.strictSame(heard, [bar(1), bar(2)])
})

t.test('an iterator takes bars in its own time, and leaves when it is done', async (t) => {
  const server = fakeServer(t)
  const socket = await server.accept()
  const bars = server.client.klines(KEY, { history: 2 })
  t.strictSame(await server.asked(socket), [], 'nothing is subscribed before it is iterated')
  const times: number[] = []
  const reading = (async () => {
    for await (const { time, closed } of bars) {
      times.push(time / 60_000)
      if (closed && time === 180_000) break
    }
  })()
  const [request] = await server.asked(socket)
  socket.say(ack(request, { seq: 7 }), snapshot(KEY, 7, [bar(1), bar(2)]))
  for (const volume of [1, 2, 3]) socket.say(event(KEY, undefined, bar(3, { closed: false, volume })))
  socket.say(event(KEY, 8, bar(3)), event(KEY, 9, bar(4)))
  await reading
  t.strictSame(times, [1, 2, 3])
  t.match(await server.asked(socket), [{ op: 'unsubscribe', args: [KEY] }])
})

t.test('an iterator ends with its signal, and with the client, without an error', async (t) => {
  const server = fakeServer(t)
  const socket = await server.accept()
  const controller = new AbortController()
  const count = async (signal?: AbortSignal): Promise<number> => {
    let count = 0
    for await (const one of server.client.klines(KEY, { signal })) count += one.closed ? 1 : 0
    return count
  }
  const [first, second, third] = [count(controller.signal), count(), count(AbortSignal.abort())]
  t.equal(await third, 0)
  const [request] = await server.asked(socket)
  socket.say(ack(request), snapshot(KEY, 1, [bar(1)]), event(KEY, 2, bar(2)))
  controller.abort()
  t.equal(await first, 1, 'what waited is let go of')
  t.strictSame(await server.asked(socket), [])
  socket.say(event(KEY, 3, bar(3)))
  server.client.close()
  t.equal(await second, 3, 'what waited can still be taken')
})

t.test('an iterator that stands still holds a bounded number of bars', async (t) => {
  const server = fakeServer(t)
  const socket = await server.accept()
  const bars = server.client.klines(KEY, { maxQueuedBars: 2 })[Symbol.asyncIterator]()
  const [request] = await server.asked(socket)
  socket.say(ack(request), snapshot(KEY, 0, [bar(0)]))
  for (let seq = 1; seq < 10; seq++) socket.say(event(KEY, seq, bar(seq)))
  for (let i = 0; i < 4; i++) t.strictSame((await bars.next()).value, bar(i))
  await t.rejects(bars.next(), { code: 'SLOW_CONSUMER' })
  t.match(await server.asked(socket), [{ op: 'unsubscribe' }])
})

t.test('a key that is refused is an error of those who listen to it, and of nobody else', async (t) => {
  const server = fakeServer(t)
  const socket = await server.accept()
  const errors: Error[] = []
  const good = server.client.series('a.1m')
  const bad = server.client.series('b.7m')
  server.client.subscribe('b.7m', () => {}, { onError (err) { errors.push(err) } })
  bad.on('error', (err) => { errors.push(err) })
  const next = server.client.klines('b.7m')[Symbol.asyncIterator]().next()
  const [request] = await server.asked(socket)
  socket.say({ ...ack({ ...request, args: ['a.1m'] }), rejected: [{ key: 'b.7m', code: 'UNKNOWN_PERIOD', message: 'Expected the period' }] }, snapshot('a.1m', 1, [bar(1)]))
  await t.rejects(next, { name: 'KlineClientError', code: 'UNKNOWN_PERIOD' })
  t.match(errors, [{ code: 'UNKNOWN_PERIOD', message: 'Expected the period' }, { code: 'UNKNOWN_PERIOD' }])
  t.ok(errors.every((err) => err instanceof KlineClientError))
  t.strictSame(good.bars, [bar(1)])
  t.equal(server.client.state, 'live')
  socket.hangUp(1006)
  server.clock.advance(1000)
  t.match((await server.accept()).read(), [{ args: ['a.1m'] }])
})

t.test('an ack that passes over a key leaves it waiting', async (t) => {
  const server = fakeServer(t)
  const socket = await server.accept()
  server.client.series(KEY)
  const [request] = await server.asked(socket)
  socket.say(ack({ ...request, args: [] }), { type: 'ack', id: 77, op: 'subscribe', keys: [], rejected: [] }, { type: 'pong', ts: 1 }, { type: 'error', code: 'BAD_FRAME', message: 'of no request' })
  t.equal(server.client.state, 'catching-up')
})

t.test('a request that is refused as a whole is an error of its keys', async (t) => {
  const server = fakeServer(t)
  const socket = await server.accept()
  const series = server.client.series(KEY)
  const [{ id }] = await server.asked(socket)
  socket.say({ type: 'error', id, code: 'TOO_MANY_KEYS', message: 'Expected at most 3 keys' })
  await t.rejects(series.ready, { code: 'TOO_MANY_KEYS', message: 'Expected at most 3 keys' })
})

t.test('as many bars as are held are asked for again, or as many as were wanted if the server does not give so many', async (t) => {
  const server = fakeServer(t)
  const socket = await server.accept()
  server.client.series(KEY, { history: 2, limit: 300 })
  let [request] = await server.asked(socket)
  const histories: number[] = [request.history]
  for (const held of [1, 128, 129, 257]) {
    socket.say(ack(request), snapshot(KEY, held, Array.from({ length: held }, (_, time) => bar(time))), { type: 'reset', key: KEY, epoch: 'e', seq: held + 1 })
    ;[request] = await server.asked(socket)
    histories.push(request.history)
  }
  t.strictSame(histories, [2, 128, 128, 256, 300])
  socket.say({ type: 'error', id: request.id, code: 'BAD_FRAME', message: 'Expected `history` to be an integer from 1 to 250' })
  const [tight] = await server.asked(socket)
  t.equal(tight.history, 2)
  socket.say({ type: 'error', id: tight.id, code: 'BAD_FRAME', message: 'Expected `history` to be 1' })
  t.equal(server.client.state, 'live', 'and then there is nothing left to ask')
})

t.test('a watermark is an event of the client', async (t) => {
  const server = fakeServer(t, { watermarks: true })
  const socket = await server.accept()
  const times: number[] = []
  const stop = server.client.on('watermark', ({ time }) => { times.push(time) })
  socket.say({ type: 'watermark', time: 60_000 })
  stop()
  socket.say({ type: 'watermark', time: 120_000 })
  t.strictSame(times, [60_000])
})

t.test('what a listener throws is thrown on its own, and hurts nobody else', async (t) => {
  const server = fakeServer(t)
  const socket = await server.accept()
  const thrown = t.capture(globalThis, 'queueMicrotask', () => {})
  const heard: Bar[] = []
  server.client.subscribe(KEY, () => { throw new Error('a bug') })
  server.client.subscribe(KEY, ({ bar }) => { heard.push(bar) })
  const [request] = await server.asked(socket)
  socket.say(ack(request), snapshot(KEY, 1, [bar(1)]))
  t.strictSame(heard, [bar(1)])
  t.throws(thrown()[0].args[0] as () => void, { message: 'a bug' })
})

t.test('an error that nobody hears is thrown on its own', async (t) => {
  const server = fakeServer(t)
  const socket = await server.accept()
  const thrown = t.capture(globalThis, 'queueMicrotask', () => {})
  server.client.subscribe(KEY, () => {})
  const [{ id }] = await server.asked(socket)
  socket.say({ type: 'error', id, code: 'TOO_MANY_KEYS', message: 'Expected at most 3 keys' })
  t.throws(thrown()[0].args[0] as () => void, { code: 'TOO_MANY_KEYS' })
})

t.test('a client that is closed says goodbye, and those who come to it are told', async (t) => {
  const server = fakeServer(t)
  const socket = await server.accept()
  const { client } = server
  const waiting = client.series(KEY)
  client.subscribe(KEY, () => {}, { onError () { t.fail('its user has closed it') } })
  client.close()
  client.close()
  await waiting.ready
  t.strictSame(socket.ends, [1000])
  t.strictSame(server.states.at(-1), { state: 'closed' })
  t.equal(server.states.filter(({ state }) => state === 'closed').length, 1)
  const late = client.series(KEY)
  await t.rejects(late.ready, { code: 'CLOSED', message: 'The client is closed' })
  late.close()
  server.clock.advance(1000)
  t.strictSame(socket.ends, [1000, 'terminated'], 'a server that does not answer the goodbye is left all the same')
  t.equal(server.clock.timers, 0)
})

t.test('a client that is closed by one who listens hears nothing more', async (t) => {
  const server = fakeServer(t)
  const socket = await server.accept()
  const heard: Bar[] = []
  server.client.subscribe(KEY, ({ bar }) => {
    heard.push(bar)
    server.client.close()
  })
  const [request] = await server.asked(socket)
  socket.say({ type: 'batch', frames: [ack(request), snapshot(KEY, 1, [bar(1)]), event(KEY, 2, bar(2))] }, event(KEY, 3, bar(3)))
  t.strictSame(heard, [bar(1)])
})

t.test('an option that can\'t be is refused at once', async (t) => {
  const WebSocket = class {} as never
  t.throws(() => connect('ws://server/ws', { WebSocket, silenceMs: 0 }), new RangeError('Expected `silenceMs` to be an integer from 1 up, got `0`'))
  t.throws(() => connect('ws://server/ws', { WebSocket, firstRetryMs: NaN }), RangeError)
  t.throws(() => connect('nowhere', { WebSocket }), TypeError)
  t.throws(() => connect('ftp://server/ws', { WebSocket }), new TypeError('Expected `url` to be that of a WebSocket, got `ftp://server/ws`'))
  const { client } = fakeServer(t)
  t.throws(() => client.klines(KEY, { history: 1.5 }), { message: 'Expected `history` to be an integer from 1 up, got `1.5`' })
  t.throws(() => client.klines(KEY, { maxQueuedBars: 0 }), RangeError)
  t.throws(() => client.subscribe(KEY, () => {}, { history: -1 }), RangeError)
  t.throws(() => client.series(KEY, { history: 0 }), RangeError)
})

t.test('an address may be that of a page, and relative to it', async (t) => {
  t.intercept(globalThis as { location?: object }, 'location', { value: { href: 'https://market.example/charts/' }, configurable: true })
  const urls: string[] = []
  class WebSocket extends FakeWebSocket {
    constructor (url: string) {
      super(url)
      urls.push(url)
    }
  }
  for (const url of ['/ws', new URL('http://127.0.0.1:3000/kline/ws'), 'wss://market.example/ws']) {
    const client = connect(url, { WebSocket })
    await new Promise((resolve) => { setImmediate(resolve) })
    client.close()
  }
  t.strictSame(urls, ['wss://market.example/ws', 'ws://127.0.0.1:3000/kline/ws', 'wss://market.example/ws'])
})

t.test('the WebSocket of a browser is used by itself', async (t) => {
  const urls: string[] = []
  class WebSocket extends FakeWebSocket {
    constructor (url: string) {
      super(url)
      urls.push(url)
    }
  }
  t.intercept(globalThis as { WebSocket?: object }, 'WebSocket', { value: WebSocket, configurable: true })
  const client = connect('ws://server/ws')
  await new Promise((resolve) => { setImmediate(resolve) })
  client.close()
  t.strictSame(urls, ['ws://server/ws'])
})

t.test('where there is no WebSocket, one has to be given', async (t) => {
  t.intercept(globalThis as { WebSocket?: object }, 'WebSocket', { value: undefined, configurable: true })
  t.throws(() => connect('ws://server/ws'), new TypeError('Expected the option `WebSocket`, there is none here'))
})
