import t from 'tap'
import { createLadder } from '../../src/market/ladder.ts'
import { utcCalendar } from '../../src/market/calendar.ts'
import { Connection } from '../../src/push/connection.ts'
import { Crowd } from '../../src/push/crowd.ts'
import type { Guard, Identity } from '../../src/push/identity.ts'
import { startPulse } from '../../src/push/pulse.ts'
import { Registry } from '../../src/push/registry.ts'
import { createMemoryStore } from '../../src/store/memory.ts'
import { FakeClock } from '../fixture/clock.ts'
import { KeptLog } from '../fixture/logger.ts'
import { FakeSocket } from '../fixture/socket.ts'
import { surroundings } from '../fixture/surroundings.ts'

interface Start { guard?: Partial<Guard>, identity?: Identity, limits?: object }

/** Tokens are `name`, or `name until so many ms from the start`. */
async function verifyToken (token: string): Promise<Identity> {
  const [id, until] = token.split(' ')
  if (id === 'bad') throw new Error('nobody has this token')
  return { id, ...(until === undefined ? undefined : { expiresAt: Number(until) }) }
}

function start ({ guard, identity, limits = {} }: Start = {}) {
  const clock = new FakeClock(0)
  const registry = new Registry()
  const connections = new Set<Connection>()
  const logger = new KeptLog()
  const crowd = new Crowd({ maxConnections: 10, maxConnectionsPerAddress: 10, maxConnectionsPerIdentity: 2 })
  const around = surroundings({
    store: createMemoryStore(createLadder(utcCalendar, ['1m']), { bars: 10 }),
    registry,
    clock,
    crowd,
    limits,
    logger,
    guard: { verifyToken, authorize: undefined, ...guard },
    onEnd: (ended) => { connections.delete(ended) },
  })
  t.teardown(startPulse({ clock, connections, heartbeatMs: 1e8, pingEveryMs: 1e9 - 10_000, pongTimeoutMs: 1e9 }))
  function open (origin: { identity?: Identity } = identity === undefined ? {} : { identity }) {
    const socket = new FakeSocket()
    const connection = new Connection(socket, around, origin)
    connections.add(connection)
    const receive = async (...requests: object[]): Promise<any[]> => {
      for (const request of requests) connection.receive(Buffer.from(JSON.stringify(request)), { binary: false })
      for (let turns = 0; turns < 5; turns++) await new Promise(setImmediate)
      return socket.read()
    }
    return { socket, connection, receive }
  }
  return { ...open(), open, clock, registry, crowd, logger }
}

t.test('the first frame may say who the client is, and then it is served like any other', async (t) => {
  const { receive, socket, crowd } = start()
  const [auth, ack, snapshot] = await receive({ op: 'auth', id: 1, token: 'ann 90000' }, { op: 'subscribe', id: 2, args: ['a.1m'] })
  t.strictSame(auth, { type: 'ack', id: 1, op: 'auth', expiresAt: 90_000 })
  t.match([ack, snapshot], [{ type: 'ack', id: 2, op: 'subscribe' }, { type: 'snapshot' }])
  t.strictSame(await receive({ op: 'auth', token: 'ann' }), [{ type: 'ack', op: 'auth' }])
  t.strictSame(socket.ends, [])
  t.equal(crowd.identify('ann'), undefined)
  t.match(crowd.identify('ann'), { code: 'KLP_ERR_TOO_MANY_OF_IDENTITY' }, 'the connection counts as one of ann, once')
})

t.test('whoever asks for anything before that, or has no good token, is closed with 4001', async (t) => {
  const { receive, socket, registry } = start()
  t.match(await receive({ op: 'subscribe', id: 1, args: ['a.1m'] }), [{ type: 'error', id: 1, code: 'UNAUTHENTICATED', message: /`auth`/ }])
  t.match(socket.ends, [{ code: 4001 }])
  t.equal(registry.size, 0)

  const other = start()
  t.strictSame(await other.receive({ op: 'auth', id: 2, token: 'bad' }, { op: 'ping' }), [{ type: 'error', id: 2, code: 'UNAUTHENTICATED', message: 'The token was not accepted' }])
  t.match(other.socket.ends, [{ code: 4001 }])
  t.equal(other.logger.lines.find(({ level }) => level === 'info')?.evidence.err.message, 'nobody has this token')
  t.notMatch(JSON.stringify(other.logger.lines), /"bad"/)

  const expired = start()
  expired.clock.advance(1000)
  t.match(await expired.receive({ op: 'auth', token: 'ann 1000' }), [{ code: 'UNAUTHENTICATED', message: 'The token has expired' }])
  t.match(expired.socket.ends, [{ code: 4001 }])
})

t.test('an application whose verifier gives nobody is told so, and nobody gets in', async (t) => {
  for (const nobody of [undefined, { id: '' }, { id: 7 }, { id: 'ann', expiresAt: '9' }]) {
    const { receive, socket, logger } = start({ guard: { verifyToken: () => nobody as unknown as Identity } })
    t.match(await receive({ op: 'auth', token: 'x' }), [{ code: 'UNAUTHENTICATED' }])
    t.match(socket.ends, [{ code: 4001 }])
    t.match(logger.lines.find(({ level }) => level === 'info')?.evidence.err.message, /`id`|`expiresAt`/)
  }
})

t.test('a client that says nothing is closed with 4001 when its time is up', async (t) => {
  const { socket, clock, connection } = start()
  clock.advance(4000)
  t.strictSame(socket.ends, [])
  clock.advance(1000)
  t.match(socket.ends, [{ code: 4001 }])
  connection.receive(Buffer.from('{"op":"ping"}'), { binary: false })
  t.strictSame(socket.read(), [], 'nothing more is read of it')
})

t.test('time in which the process was stopped, or by which its clock was set, does not count against a client', async (t) => {
  for (const [jump, left] of [[3_600_000, 3000], [-3_600_000, 6000]] as const) {
    const { socket, clock } = start()
    clock.advance(2000)
    clock.set(jump)
    clock.advance(1000)
    t.strictSame(socket.ends, [], `${jump}`)
    clock.advance(left - 1000)
    t.match(socket.ends, [{ code: 4001 }])
  }
})

t.test('a verifier that answers after the client has gone lets nobody in', async (t) => {
  let answer = (_: Identity): void => {}
  const { connection, receive, crowd } = start({ guard: { verifyToken: () => new Promise<Identity>((resolve) => { answer = resolve }) } })
  await receive({ op: 'auth', token: 'ann' })
  connection.end()
  answer({ id: 'ann' })
  t.strictSame(await receive(), [])
  t.equal(crowd.identify('ann'), undefined)
  t.equal(crowd.identify('ann'), undefined, 'it does not count')
})

t.test('what a client said who it is holds until it expires, 4203, unless it says so again in time', async (t) => {
  const { receive, socket, clock } = start({ identity: { id: 'ann', expiresAt: 60_000 } })
  t.match(await receive({ op: 'ping' }), [{ type: 'pong' }])
  clock.advance(59_000)
  t.match(await receive({ op: 'auth', token: 'ann 120000' }), [{ type: 'ack', expiresAt: 120_000 }])
  clock.advance(60_000)
  t.strictSame(socket.ends, [])
  t.match(await receive({ op: 'auth', id: 1, token: 'bad' }, { op: 'auth', id: 2, token: 'bob' }), [{ id: 1, code: 'UNAUTHENTICATED' }, { id: 2, code: 'UNAUTHENTICATED', message: /another/ }])
  t.strictSame(socket.ends, [], 'a token that is not good leaves it what it had')
  clock.advance(1000)
  t.match(socket.ends, [{ code: 4203, reason: 'token expired' }])
})

t.test('where nobody has to say who it is, whoever says so all the same is served', async (t) => {
  const { receive } = start({ guard: { verifyToken: undefined } })
  t.match(await receive({ op: 'ping' }, { op: 'auth', id: 1, token: 'x' }), [{ type: 'pong' }, { type: 'ack', id: 1, op: 'auth' }])
})

t.test('where only the request says who it is, a token changes nothing of that', async (t) => {
  const { receive } = start({ guard: { verifyToken: undefined }, identity: { id: 'ann', expiresAt: 90_000 } })
  t.strictSame(await receive({ op: 'auth', id: 1, token: 'bob' }), [{ type: 'ack', id: 1, op: 'auth', expiresAt: 90_000 }])
})

t.test('an identity that has as many connections as it may is turned away with 4100 and a time to come back', async (t) => {
  const { open } = start()
  for (let i = 0; i < 2; i++) t.match(await open().receive({ op: 'auth', token: 'ann' }), [{ type: 'ack' }])
  const { receive, socket } = open()
  t.match(await receive({ op: 'auth', token: 'ann' }, { op: 'ping' }), [{ type: 'notice', code: 'OVER_CAPACITY', retryMs: 1000, message: /`ann`/ }])
  t.match(socket.ends, [{ code: 4100 }])
})

t.test('a key that the client may not have is rejected by name, and the others go through', async (t) => {
  const asked: string[] = []
  const authorize = ({ id }: Identity, key: string): boolean => {
    asked.push(`${id} ${key}`)
    return key !== 'b.1m'
  }
  const { receive } = start({ identity: { id: 'ann' }, guard: { authorize } })
  const [ack] = await receive({ op: 'subscribe', args: ['a.1m', 'b.1m', 'c.9m'] })
  t.match(ack.keys, [{ key: 'a.1m' }])
  t.match(ack.rejected, [{ key: 'c.9m', code: 'UNKNOWN_PERIOD' }, { key: 'b.1m', code: 'FORBIDDEN' }])
  await receive({ op: 'unsubscribe', args: ['a.1m'] }, { op: 'subscribe', args: ['b.1m', 'a.1m'] })
  t.strictSame(asked, ['ann a.1m', 'ann b.1m'], 'once for each key')
  await receive({ op: 'auth', token: 'ann' }, { op: 'subscribe', args: ['a.1m'] })
  t.strictSame(asked.slice(2), ['ann a.1m'], 'and again with a new token')
})

t.test('while it is not known whether a client may have a key, what it asks next waits in order', async (t) => {
  const verdicts: ((good: boolean) => void)[] = []
  const authorize = (): Promise<boolean> => new Promise((resolve) => { verdicts.push(resolve) })
  const { receive } = start({ identity: { id: 'ann' }, guard: { authorize } })
  t.strictSame(await receive({ op: 'subscribe', id: 1, args: ['a.1m', 'b.1m'] }, { op: 'list', id: 2 }, { op: 'unsubscribe', id: 3, args: ['a.1m'] }, { op: 'list', id: 4 }), [])
  verdicts[1](false)
  t.strictSame(await receive(), [])
  verdicts[0](true)
  const answers = await receive()
  t.strictSame(answers.map(({ id, type }) => id ?? type), [1, 'snapshot', 2, 3, 4])
  t.match(answers[0], { keys: [{ key: 'a.1m' }], rejected: [{ key: 'b.1m', code: 'FORBIDDEN' }] })
  t.strictSame([answers[2].keys, answers[4].keys], [['a.1m'], []])
})

t.test('more than may wait behind it ends the connection', async (t) => {
  const { receive, socket } = start({ identity: { id: 'ann' }, guard: { authorize: () => new Promise(() => {}) }, limits: { maxBufferedBytes: 100 } })
  await receive({ op: 'subscribe', args: ['a.1m'] }, { op: 'ping', id: 'x'.repeat(60) })
  t.strictSame(socket.ends, [])
  await receive({ op: 'ping', id: 'x'.repeat(60) })
  t.match(socket.ends, [{ code: 4129 }])
})

t.test('a verdict that can not be had lets nobody in, is logged, and is asked for again', async (t) => {
  for (const failing of [() => { throw new Error('no database') }, async () => { throw new Error('no database') }]) {
    let broken = true
    const { receive, logger } = start({ identity: { id: 'ann' }, guard: { authorize: () => broken ? failing() : true } })
    t.match(await receive({ op: 'subscribe', args: ['a.1m'] }), [{ rejected: [{ key: 'a.1m', code: 'FORBIDDEN' }] }])
    t.match(logger.lines, [{ level: 'error', evidence: { err: { message: 'no database' } } }])
    broken = false
    t.match(await receive({ op: 'subscribe', args: ['a.1m'] }), [{ keys: [{ key: 'a.1m' }], rejected: [] }, { type: 'snapshot' }])
  }
})

t.test('verdicts are remembered up to a bound', async (t) => {
  let asked = 0
  const { receive } = start({ identity: { id: 'ann' }, guard: { authorize: () => ++asked > 0 }, limits: { maxKeysPerConnection: 2 } })
  for (const key of ['a', 'b', 'c', 'c', 'a']) await receive({ op: 'subscribe', args: [`${key}.1m`] }, { op: 'unsubscribe', args: [`${key}.1m`] })
  t.equal(asked, 4)
})

t.test('frames, pings and pongs that come too often are refused once a second is used up, and then end the connection', async (t) => {
  const { receive, socket, connection } = start({ guard: { verifyToken: undefined }, limits: { maxFramesPerSecond: 3 } })
  connection.pinged()
  connection.ponged()
  t.match(await receive({ op: 'ping', id: 1 }, { op: 'ping', id: 2 }), [{ type: 'pong', id: 1 }, { type: 'error', code: 'TOO_MANY_FRAMES', message: /3 frames/ }])
  connection.pinged()
  connection.pinged()
  t.strictSame(socket.ends, [])
  connection.ponged()
  t.match(socket.ends, [{ code: 4129, reason: 'too many frames' }])
  connection.pinged()
  connection.ponged()
  t.equal(socket.ends.length, 1)
})

t.test('a client that pings and never reads is closed like any slow reader', async (t) => {
  const { socket, connection } = start({ limits: { maxBufferedBytes: 1000 } })
  socket.buffered = 1000
  connection.pinged()
  t.strictSame(socket.ends, [])
  socket.buffered = 1001 // its pongs
  connection.pinged()
  t.match(socket.ends, [{ code: 4108 }])
})
