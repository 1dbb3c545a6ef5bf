import t from 'tap'
import type { TokenSource } from '../../src/client/connection.ts'
import { ack, bar, fakeServer, snapshot } from '../fixture/fake-server.ts'

const KEY = 'rb2601.1m'

/** A source of tokens `token 1`, `token 2`, …; an error instead of some. */
function tokens ({ failing = [] as number[] } = {}): TokenSource {
  let count = 0
  return async () => {
    count++
    if (failing.includes(count)) throw new Error(`no token ${count}`)
    return `token ${count}`
  }
}

t.test('a client says how it stands', async (t) => {
  const server = fakeServer(t)
  t.equal(server.client.state, 'connecting')
  server.client.series(KEY)
  const first = await server.socket()
  first.emit('error', { message: 'refused', error: { code: 'ECONNREFUSED' } })
  first.hangUp(1006)
  server.clock.advance(500)
  const second = await server.accept()
  const [request] = await server.asked(second)
  second.say(ack(request), snapshot(KEY, 1, []))
  second.hangUp(4108, 'slow consumer')
  server.clock.advance(1000)
  const third = await server.accept()
  third.say(ack(third.read()[0], { recovered: true, seq: 1 }))
  third.emit('error')
  third.hangUp(1006)
  server.client.close()
  t.strictSame(server.states, [
    { state: 'connecting', code: 1006, reason: 'ECONNREFUSED', retryMs: 500 },
    { state: 'catching-up' },
    { state: 'live' },
    { state: 'stale', code: 4108, reason: 'slow consumer', retryMs: 1000 },
    { state: 'catching-up' },
    { state: 'live' },
    { state: 'stale', code: 1006, reason: '', retryMs: 2000 },
    { state: 'closed' },
  ])
  t.equal(server.clock.timers, 0)
})

t.test('a server that says when to come back is left alone for so long', async (t) => {
  const server = fakeServer(t)
  const socket = await server.accept()
  socket.say({ type: 'notice', code: 'GOING_AWAY', retryMs: 12_300, message: 'The server is going down' })
  socket.hangUp(1001, 'going away')
  t.strictSame(server.states.at(-1), { state: 'stale', code: 1001, reason: 'going away', retryMs: 12_300 })
  server.clock.advance(12_299)
  t.equal(server.sockets.length, 1)
  server.clock.advance(1)
  await server.socket()
})

t.test('a server that sends us away for good is an error of all who listen', async (t) => {
  const server = fakeServer(t)
  const socket = await server.accept()
  const series = server.client.series(KEY)
  const next = server.client.klines(KEY)[Symbol.asyncIterator]().next()
  socket.hangUp(4003, 'forbidden')
  await t.rejects(series.ready, { code: 'CLOSED', message: 'The server closed the connection for good: 4003 forbidden' })
  await t.rejects(next, { code: 'CLOSED' })
  t.strictSame(server.states.at(-1), { state: 'closed', code: 4003, reason: 'forbidden' })
  t.equal(server.clock.timers, 0)
})

t.test('a server that says what nobody understands is left for good, and shown', async (t) => {
  for (const [said, shown] of [['hello', 'hello'], ['null', 'null'], ['{"type":"ack","op":"subscribe","id":1}', '{"type":"ack","op":"subscribe","id":1}'], ['x'.repeat(300), 'x'.repeat(200)]]) {
    const server = fakeServer(t)
    const socket = await server.accept()
    server.client.subscribe(KEY, () => {}, { onError () {} })
    await server.asked(socket)
    socket.say(said)
    socket.say({ type: 'pong', ts: 1 })
    t.strictSame(socket.ends, [4002])
    t.strictSame(server.states.at(-1), { state: 'closed', code: 4002, reason: `not understood: ${shown}` })
    socket.hangUp(4002)
  }
})

t.test('frames of a kind that is not known are passed over', async (t) => {
  const server = fakeServer(t)
  const socket = await server.accept()
  socket.say({ type: 'news' })
  t.equal(server.client.state, 'live')
})

t.test('a quiet server is asked whether it is there, and left if it does not answer', async (t) => {
  const server = fakeServer(t)
  const socket = await server.accept()
  server.clock.advance(30_000)
  socket.say({ type: 'heartbeat', ts: 1 })
  server.clock.advance(34_999)
  t.strictSame(socket.read(), [])
  server.clock.advance(1)
  t.strictSame(socket.read(), [{ op: 'ping' }])
  server.clock.advance(9_999)
  socket.say({ type: 'pong', ts: 1 })
  server.clock.advance(35_000)
  t.strictSame(socket.read(), [{ op: 'ping' }])
  server.clock.advance(10_000)
  t.strictSame(socket.ends, ['terminated'])
  t.strictSame(server.states.at(-1), { state: 'stale', code: 1006, reason: 'silent', retryMs: 500 })
  socket.hangUp(1006)
  socket.say({ type: 'pong', ts: 1 })
  server.clock.advance(500)
  await server.socket()
})

t.test('a connection that does not come about is given up, closed as well as can be', async (t) => {
  const server = fakeServer(t)
  const socket = await server.socket()
  Object.assign(socket, { terminate: undefined })
  server.clock.advance(10_000)
  t.strictSame(socket.ends, ['closed'])
  t.match(server.states, [{ state: 'connecting', code: 1006, reason: 'silent' }])
  socket.emit('open')
  t.equal(server.client.state, 'connecting', 'it comes too late')
})

t.test('a token is sent first, and nothing else before the server has answered', async (t) => {
  const server = fakeServer(t, { token: tokens() })
  server.client.series(KEY)
  const socket = await server.accept()
  t.strictSame(await server.asked(socket), [{ op: 'auth', id: 'auth', token: 'token 1' }])
  t.equal(server.client.state, 'connecting')
  socket.say({ type: 'ack', id: 'auth', op: 'auth' })
  t.match(socket.read(), [{ op: 'subscribe' }])
  socket.say({ type: 'ack', id: 'auth', op: 'auth' })
  t.strictSame(socket.read(), [], 'once')
})

t.test('a token is renewed on the live connection before it expires', async (t) => {
  const server = fakeServer(t, { token: tokens({ failing: [3] }) })
  const socket = await server.accept()
  socket.read()
  const answer = (ms: number): void => { socket.say({ type: 'ack', id: 'auth', op: 'auth', expiresAt: server.clock.now() + ms }) }
  const renewed = async (): Promise<unknown[]> => {
    await new Promise((resolve) => { setImmediate(resolve) })
    return socket.read().filter(({ op }) => op === 'auth')
  }
  answer(20_000)
  server.clock.advance(9_999)
  t.strictSame(await renewed(), [])
  server.clock.advance(1)
  t.strictSame(await renewed(), [{ op: 'auth', id: 'auth', token: 'token 2' }])
  answer(30 * 60_000)
  for (let half = 1; half < 58; half++) {
    server.clock.advance(30_000)
    socket.say({ type: 'heartbeat', ts: 1 })
  }
  t.strictSame(await renewed(), [])
  server.clock.advance(30_000)
  t.strictSame(await renewed(), [], 'the source of tokens had none')
  answer(-1000)
  server.clock.advance(10_000)
  t.strictSame(await renewed(), [], 'by our clock it has expired, so the server says when')
  socket.hangUp(4203, 'token expired')
  server.clock.advance(0)
  const next = await server.accept()
  t.strictSame(next.read(), [{ op: 'auth', id: 'auth', token: 'token 4' }])
})

t.test('a token that comes when the connection is over is not sent', async (t) => {
  let give = (_: string): void => {}
  const token = async (): Promise<string> => await new Promise((resolve) => { give = resolve })
  const server = fakeServer(t, { token })
  give('token 1')
  const socket = await server.accept()
  socket.say({ type: 'ack', id: 'auth', op: 'auth', expiresAt: server.clock.now() + 10_000 })
  socket.read()
  server.clock.advance(5000)
  socket.hangUp(1006)
  give('token 2')
  await Promise.resolve()
  t.strictSame(socket.read(), [])
  server.clock.advance(1000)
  server.client.close()
  give('token 3')
  await new Promise((resolve) => { setImmediate(resolve) })
  t.equal(server.sockets.length, 1)
  t.equal(server.clock.timers, 0)
})

t.test('a source without a token is asked again', async (t) => {
  const server = fakeServer(t, { token: tokens({ failing: [1] }) })
  await new Promise((resolve) => { setImmediate(resolve) })
  t.strictSame(server.states, [{ state: 'connecting', code: 1006, reason: 'no token 1', retryMs: 500 }])
  server.clock.advance(500)
  t.match((await server.accept()).read(), [{ token: 'token 2' }])
})

t.test('a refused token is asked for once anew', async (t) => {
  const server = fakeServer(t, { token: tokens() })
  const refuse = async (): Promise<void> => {
    const socket = await server.accept()
    socket.say({ type: 'error', id: 'auth', code: 'UNAUTHENTICATED', message: 'Expected a valid token' })
    socket.hangUp(4001, 'unauthenticated')
    server.clock.advance(0)
  }
  await refuse()
  t.equal(server.client.state, 'connecting')
  await refuse()
  t.strictSame(server.states.at(-1), { state: 'closed', code: 4001, reason: 'unauthenticated' })
})

t.test('a server that did not read a frame of ours is left, and asked again on the next connection', async (t) => {
  const server = fakeServer(t)
  const socket = await server.accept()
  server.client.series(KEY)
  await server.asked(socket)
  socket.say({ type: 'error', code: 'TOO_MANY_FRAMES', message: 'Expected at most 1000 frames a second' })
  t.strictSame(socket.ends, ['terminated'])
  t.strictSame(server.states.at(-1), { state: 'stale', code: 1006, reason: 'TOO_MANY_FRAMES', retryMs: 500 })
  server.clock.advance(500)
  t.match((await server.accept()).read(), [{ op: 'subscribe', args: [KEY] }])
})

t.test('what does not come from the server is not taken for an end of it', async (t) => {
  const server = fakeServer(t)
  const socket = await server.accept()
  const series = server.client.series(KEY)
  const [request] = await server.asked(socket)
  socket.say(ack(request, { seq: 4 }), snapshot(KEY, 4, [bar(1)]))
  socket.hangUp(4201, 'rebalance')
  socket.hangUp(1006)
  server.clock.advance(0)
  const [again] = (await server.accept()).read()
  t.strictSame(again.since, { [KEY]: { epoch: 'e', seq: 4 } })
  t.strictSame(series.bars, [bar(1)], 'meanwhile it keeps what it has')
})
