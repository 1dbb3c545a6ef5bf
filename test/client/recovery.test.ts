import t, { type Test } from 'tap'
import type { Series } from '../../src/client/index.ts'
import type { ClientOptions } from '../../src/client/options.ts'
import type { Bar } from '../../src/market/bar.ts'
import { ack, bar, event, fakeServer, type FakeServer, type FakeWebSocket, snapshot } from '../fixture/fake-server.ts'

const KEY = 'rb2601.1m'

interface Live { server: FakeServer, socket: FakeWebSocket, series: Series, told: Bar[], resets: () => number }

/** A key that is live with the bars 1 to 4, of which a listener has been told, and `seq` 4. */
async function live (t: Test, options: ClientOptions = {}): Promise<Live> {
  const server = fakeServer(t, options)
  const socket = await server.accept()
  const series = server.client.series(KEY, { history: 4 })
  const told: Bar[] = []
  let resets = 0
  server.client.subscribe(KEY, ({ bar }) => { told.push(bar) }, { history: 4, onReset () { resets++ } })
  const [request] = await server.asked(socket)
  socket.say(ack(request, { seq: 4 }), snapshot(KEY, 4, [1, 2, 3, 4].map((time) => bar(time))))
  told.length = 0
  return { server, socket, series, told, resets: () => resets }
}

function times (bars: readonly Bar[]): number[] {
  return bars.map(({ time }) => time / 60_000)
}

async function comeBack (server: FakeServer, socket: FakeWebSocket): Promise<FakeWebSocket> {
  socket.hangUp(1006)
  server.clock.advance(4000)
  return await server.accept()
}

t.test('after an interruption it is told what it missed, and is live once it has all', async (t) => {
  const { server, socket, series, told, resets } = await live(t)
  const next = await comeBack(server, socket)
  const [request] = next.read()
  t.strictSame(request.since, { [KEY]: { epoch: 'e', seq: 4 } })
  next.say(event(KEY, 5, bar(5)), ack(request, { seq: 6, recovered: true }))
  t.equal(server.client.state, 'catching-up')
  next.say(event(KEY, 5, bar(2, { revision: 1 })))
  t.equal(server.client.state, 'catching-up')
  next.say(event(KEY, 6, bar(5)))
  t.equal(server.client.state, 'live')
  next.say(event(KEY, undefined, bar(6, { closed: false })))
  t.strictSame(told, [bar(2, { revision: 1 }), bar(5), bar(6, { closed: false })])
  t.strictSame(series.bars, [bar(1), bar(2, { revision: 1 }), bar(3), bar(4), bar(5), bar(6, { closed: false })])
  t.equal(resets(), 0)
})

t.test('what can\'t be told is read again: the series begins anew, and those who listen hear what differs', async (t) => {
  const { server, socket, series, told, resets } = await live(t)
  const changes: string[] = []
  series.on('change', ({ type }) => { changes.push(type) })
  const next = await comeBack(server, socket)
  const [request] = next.read()
  next.say(ack(request, { epoch: 'f', seq: 2, recovered: false }), event(KEY, 3, bar(9)))
  t.equal(server.client.state, 'catching-up')
  next.say(snapshot(KEY, 2, [bar(0), bar(3, { revision: 1 }), bar(4), bar(5)], 'f'))
  t.strictSame([server.client.state, resets(), changes], ['live', 1, ['reset']])
  t.strictSame(told, [bar(3, { revision: 1 }), bar(5)])
  t.strictSame(times(series.bars), [0, 3, 4, 5])
  next.say(event(KEY, 3, bar(6)))
  t.strictSame(changes, ['reset', 'append'])
})

t.test('bars that an import has changed are read again', async (t) => {
  const { server, socket, series, told, resets } = await live(t)
  socket.say({ type: 'reset', key: KEY, epoch: 'e', seq: 5 }, { type: 'reset', key: KEY, epoch: 'e', seq: 5 }, event(KEY, 6, bar(5)))
  const requests = await server.asked(socket)
  t.match(requests, [{ args: [KEY], since: {} }])
  socket.say(snapshot(KEY, 5, []), ack(requests[0], { seq: 6 }), snapshot(KEY, 6, [2, 3, 4, 5].map((time) => bar(time, { close: 3 }))), snapshot(KEY, 7, []))
  t.strictSame(times(told), [2, 3, 4, 5])
  t.strictSame(times(series.bars), [2, 3, 4, 5])
  t.equal(resets(), 1)
  t.equal(server.client.state, 'live')
})

t.test('a hole in the numbers is never passed over: what is missing is asked for, then everything', async (t) => {
  const { server, socket, series, told } = await live(t)
  socket.say(event(KEY, 6, bar(6)))
  t.equal(server.client.state, 'catching-up')
  const [first] = await server.asked(socket)
  t.strictSame(first.since, { [KEY]: { epoch: 'e', seq: 4 } })
  socket.say(event(KEY, 7, bar(7)), ack(first, { seq: 7, recovered: true }), event(KEY, 6, bar(6)))
  const [second] = await server.asked(socket)
  t.strictSame(second.since, {}, 'that was no help')
  socket.say(ack(second, { seq: 7 }), snapshot(KEY, 7, [4, 5, 6, 7].map((time) => bar(time))), event(KEY, 9, bar(9)))
  const [third] = await server.asked(socket)
  t.strictSame(third.since, { [KEY]: { epoch: 'e', seq: 7 } })
  socket.say(ack(third, { seq: 9, recovered: true }), event(KEY, 8, bar(8)), event(KEY, 9, bar(9)))
  t.strictSame(times(told), [5, 6, 7, 8, 9])
  t.strictSame(times(series.bars), [4, 5, 6, 7, 8, 9])
  socket.say(event(KEY, 9, bar(9)))
  t.match(await server.asked(socket), [{ since: { [KEY]: { seq: 9 } } }], 'nor is one that comes again')
})

t.test('a heartbeat with another sum than ours asks for what is missing of every key', async (t) => {
  const { server, socket } = await live(t)
  const beat = async (fields: object): Promise<object[]> => {
    socket.say({ type: 'heartbeat', ts: 1, ...fields })
    return await server.asked(socket)
  }
  t.strictSame(await beat({}), [])
  t.strictSame(await beat({ keys: 1, seqTotal: 4 }), [])
  const other = server.client.series('other.1m')
  t.strictSame((await beat({ keys: 1, seqTotal: 3 })).length, 1, 'not while a key is catching up')
  socket.say(ack({ id: 2, args: ['other.1m'] }, { seq: 10 }), snapshot('other.1m', 10, []))
  t.strictSame(await beat({ keys: 2, seqTotal: 14 }), [])
  t.match(await beat({ keys: 2, seqTotal: 15 }), [{ args: [KEY, 'other.1m'], since: { [KEY]: { seq: 4 }, 'other.1m': { seq: 10 } } }])
  t.equal(server.client.state, 'catching-up')
  socket.say(ack({ id: 3, args: [KEY, 'other.1m'] }, { seq: 4, recovered: true }))
  t.equal(server.client.state, 'live')
  other.close()
  await server.asked(socket)
  t.strictSame(await beat({ keys: 2, seqTotal: 14 }), [], 'the server has not heard yet that a key was left')
  socket.say({ type: 'ack', id: 4, op: 'unsubscribe', keys: ['other.1m'], rejected: [] })
  t.match(await beat({ keys: 2, seqTotal: 14 }), [{ args: [KEY] }])
})

t.test('a connection that is lost in the middle of an answer is made good by the next', async (t) => {
  const { server, socket, series } = await live(t)
  const second = await comeBack(server, socket)
  second.say(ack(second.read()[0], { seq: 7, recovered: true }), event(KEY, 5, bar(5)))
  const third = await comeBack(server, second)
  const [request] = third.read()
  t.strictSame(request.since, { [KEY]: { epoch: 'e', seq: 5 } })
  third.say(ack(request, { epoch: 'f', seq: 1, recovered: false }))
  const fourth = await comeBack(server, third)
  const [last] = fourth.read()
  t.strictSame(last.since, {}, 'its place is of no use')
  fourth.say(ack(last, { seq: 7 }), snapshot(KEY, 7, [6, 7, 8, 9].map((time) => bar(time))))
  t.strictSame(times(series.bars), [6, 7, 8, 9])
})

t.test('who wants closed bars only gets no other', async (t) => {
  const { server, socket, series, told } = await live(t, { closedOnly: true })
  socket.say({ type: 'reset', key: KEY, epoch: 'e', seq: 4 })
  const [request] = await server.asked(socket)
  socket.say(ack(request, { seq: 4 }), snapshot(KEY, 4, [bar(2), bar(3), bar(4), bar(5, { closed: false })]))
  t.strictSame([times(series.bars), told], [[2, 3, 4], []])
})
