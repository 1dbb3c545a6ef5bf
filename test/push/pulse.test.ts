import t from 'tap'
import { createLadder } from '../../src/market/ladder.ts'
import { utcCalendar } from '../../src/market/calendar.ts'
import { PERIODS } from '../../src/market/period.ts'
import { Connection } from '../../src/push/connection.ts'
import { startPulse } from '../../src/push/pulse.ts'
import { Registry } from '../../src/push/registry.ts'
import { createMemoryStore } from '../../src/store/memory.ts'
import { FakeClock } from '../fixture/clock.ts'
import { FakeSocket } from '../fixture/socket.ts'
import { surroundings } from '../fixture/surroundings.ts'

const LIMITS = { maxKeysPerConnection: 10, maxHistory: 10, maxBufferedBytes: 1000, maxFrameBytes: 1000, maxBadFrames: 3 }
const TIMES = { heartbeatMs: 30_000, pingEveryMs: 20_000, pongTimeoutMs: 50_000 }

function start () {
  const clock = new FakeClock()
  const connections = new Set<Connection>()
  const store = createMemoryStore(createLadder(utcCalendar, PERIODS), { bars: 10 })
  const registry = new Registry()
  const stop = startPulse({ clock, connections, ...TIMES })
  function join () {
    const socket = new FakeSocket()
    const connection = new Connection(socket, surroundings({ store, registry, clock, limits: LIMITS, onEnd: (ended) => { connections.delete(ended) } }))
    connections.add(connection)
    return { socket, connection }
  }
  return { clock, connections, registry, stop, join }
}

/** Lets time pass while the peers answer their pings. */
function live (clock: FakeClock, ms: number, connections: Iterable<Connection>): void {
  for (let passed = 0; passed < ms; passed += 1000) {
    clock.advance(1000)
    for (const connection of connections) connection.ponged()
  }
}

t.test('one timer serves all connections, and stops', async (t) => {
  const { clock, stop, join } = start()
  for (let i = 0; i < 10; i++) join()
  t.equal(clock.timers, 1)
  stop()
  t.equal(clock.timers, 0)
})

t.test('a connection that had neither data nor a subscription action for the interval gets a heartbeat, again and again', async (t) => {
  const { clock, connections, join } = start()
  const { socket } = join()
  const began = clock.now()
  live(clock, 29_000, connections)
  t.strictSame(socket.frames, [])
  live(clock, 1000, connections)
  t.strictSame(socket.read(), [{ type: 'heartbeat', ts: began + 30_000, keys: 0, seqTotal: 0 }])
  live(clock, 29_000, connections)
  t.strictSame(socket.read(), [])
  live(clock, 1000, connections)
  t.strictSame(socket.read(), [{ type: 'heartbeat', ts: began + 60_000, keys: 0, seqTotal: 0 }])
})

t.test('a subscription action puts the heartbeat off by a whole interval, a ping does not', async (t) => {
  const { clock, connections, join } = start()
  const active = join()
  const pinging = join()
  live(clock, 20_000, connections)
  active.connection.receive(Buffer.from('{"op":"unsubscribe","args":["a.1m"]}'), { binary: false })
  pinging.connection.receive(Buffer.from('{"op":"ping"}'), { binary: false })
  active.socket.read()
  pinging.socket.read()
  live(clock, 10_000, connections)
  t.match(pinging.socket.read(), [{ type: 'heartbeat' }])
  live(clock, 19_000, connections)
  t.strictSame(active.socket.read(), [])
  live(clock, 1000, connections)
  t.match(active.socket.read(), [{ type: 'heartbeat' }])
})

t.test('each peer is pinged at the interval', async (t) => {
  const { clock, connections, join } = start()
  const { socket } = join()
  live(clock, 19_000, connections)
  t.equal(socket.pings, 0)
  live(clock, 1000, connections)
  t.equal(socket.pings, 1)
  live(clock, 40_000, connections)
  t.equal(socket.pings, 3)
})

t.test('a peer without a pong for the timeout is told 4212, terminated and gone, the others stay', async (t) => {
  const { clock, connections, registry, join } = start()
  const dead = join()
  const { connection: alive } = join()
  dead.connection.receive(Buffer.from('{"op":"subscribe","args":["a.1m"]}'), { binary: false })
  t.equal(registry.size, 1)
  live(clock, 49_000, [alive])
  t.equal(connections.size, 2)
  live(clock, 1000, [alive])
  t.strictSame([...connections], [alive])
  t.strictSame(dead.socket.ends, [{ code: 4212, reason: 'no pong' }, 'terminated'])
  t.equal(registry.size, 0)
})

/** How many pings and frames a socket has got since the last time. */
function got (socket: FakeSocket): { pings: number, frames: string[] } {
  const { pings } = socket
  socket.pings = 0
  return { pings, frames: socket.read().map(({ type }) => type) }
}

t.test('after the process itself was stopped peers are asked at once, and have as long to answer as if it had not been', async (t) => {
  const { clock, connections, join } = start()
  const { connection: answers, socket } = join()
  const dead = join()
  live(clock, 10_000, [answers])
  clock.jump(600_000)
  t.strictSame(got(socket), { pings: 1, frames: ['heartbeat'] })
  clock.advance(1000)
  t.strictSame(got(socket), { pings: 0, frames: [] }, 'and once')
  live(clock, 37_000, [answers])
  t.equal(connections.size, 2, 'the one that has not answered for 49 s')
  live(clock, 2000, [answers])
  t.strictSame([...connections], [answers])
  t.match(dead.socket.ends, [{ code: 4212 }, 'terminated'])
})

t.test('a pong that was read before the tick after a stop is as new as the tick', async (t) => {
  const { clock, connections, join } = start()
  const { connection } = join()
  live(clock, 10_000, connections)
  clock.time += 600_000
  connection.ponged()
  clock.jump(0)
  clock.advance(49_000)
  t.equal(connections.size, 1)
  clock.advance(1000)
  t.equal(connections.size, 0)
})

for (const hours of [1, -1]) {
  t.test(`a clock that is set ${hours > 0 ? 'ahead' : 'back'} by an hour drops nobody who answers, finds the dead, and pings and beats go on as before`, async (t) => {
    const { clock, connections, join } = start()
    const { connection: answers, socket } = join()
    const dead = join()
    live(clock, 10_000, [answers])
    clock.set(hours * 3_600_000)
    live(clock, 1000, [answers])
    t.strictSame(got(socket), hours > 0 ? { pings: 1, frames: ['heartbeat'] } : { pings: 0, frames: [] })
    live(clock, 60_000, [answers])
    t.strictSame(got(socket), { pings: 3, frames: ['heartbeat', 'heartbeat'] })
    t.strictSame([...connections], [answers])
    t.match(dead.socket.ends, [{ code: 4212 }, 'terminated'])
  })
}
