import t from 'tap'
import { utcCalendar } from '../../src/market/calendar.ts'
import { createLadder } from '../../src/market/ladder.ts'
import { Broadcaster } from '../../src/push/broadcaster.ts'
import { Connection } from '../../src/push/connection.ts'
import { Meter } from '../../src/push/meter.ts'
import { Registry } from '../../src/push/registry.ts'
import { createMemoryStore } from '../../src/store/memory.ts'
import { FakeClock } from '../fixture/clock.ts'
import { minute, run } from '../fixture/minutes.ts'
import { FakeSocket } from '../fixture/socket.ts'
import { surroundings } from '../fixture/surroundings.ts'

const LIMITS = { maxKeysPerConnection: 10_000, maxHistory: 10, maxBufferedBytes: 1e6, maxFrameBytes: 1e6, maxBadFrames: 3 }

/** A socket that also keeps where in memory each write lay. */
class WatchedSocket extends FakeSocket {
  readonly places: string[] = []
  readonly memory: ArrayBufferLike[] = []

  override write (bytes: Uint8Array): void {
    this.places.push(`${bytes.byteOffset}+${bytes.length}`)
    this.memory.push(bytes.buffer)
    super.write(bytes)
  }
}

function start () {
  const clock = new FakeClock()
  const registry = new Registry()
  const meter = new Meter()
  const store = createMemoryStore(createLadder(utcCalendar, ['1m', '5m']), { bars: 100 })
  const broadcaster = new Broadcaster({ registry, clock, epoch: store.epoch, meter, onListenerError () {} })
  const connect = async (args: string[], given: object = {}): Promise<WatchedSocket> => {
    const socket = new WatchedSocket()
    const connection = new Connection(socket, surroundings({ store, registry, clock, limits: LIMITS, meter }))
    connection.receive(Buffer.from(JSON.stringify({ op: 'subscribe', args, ...given })), { binary: false })
    for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => { setImmediate(resolve) }) // until all are live
    socket.writes.length = socket.places.length = socket.memory.length = 0
    return socket
  }
  const ingest = async (minutes: ReturnType<typeof run>): Promise<void> => {
    for await (const { events } of store.apply(minutes)) broadcaster.send(events)
  }
  return { connect, ingest }
}

const SYMBOLS = Array.from({ length: 20 }, (_, i) => `S${i}`)
const close = (n: number) => SYMBOLS.map((symbol) => minute(n * 60_000, { symbol }))

t.test('a tick is one write for each connection, however many bars it has', async (t) => {
  const { connect, ingest } = start()
  const sockets = await Promise.all([SYMBOLS.map((symbol) => `${symbol}.1m`), ['S3.1m', 'S3.5m', 'S17.5m'], ['S0.1m']].map(async (keys) => await connect(keys)))
  for (let n = 0; n < 3; n++) {
    await ingest(close(n))
    t.strictSame(sockets.map(({ writes }) => writes.length), [n + 1, n + 1, n + 1])
  }
  t.strictSame(sockets.map(({ writes }) => writes[2].length), [20, 3, 1])
})

t.test('a bar is encoded once: all who get it get the same bytes in the same memory', async (t) => {
  const { connect, ingest } = start()
  const keys = SYMBOLS.slice(5, 15).map((symbol) => `${symbol}.1m`)
  const sockets = await Promise.all(Array.from({ length: 50 }, async () => await connect(keys)))
  await ingest(close(0))
  t.equal(new Set(sockets.map(({ places }) => places.join())).size, 1)
  t.equal(new Set(sockets.map(({ memory }) => memory[0])).size, 1)
})

t.test('what nobody listens to is not encoded', async (t) => {
  const { connect, ingest } = start()
  await connect(['S0.5m', 'S1.5m'], { closedOnly: true })
  const socket = await connect(['S2.1m'])
  for (let n = 0; n < 4; n++) await ingest(close(n))
  t.strictSame(socket.places.map((place) => place.split('+')[0]), ['0', '0', '0', '0'], 'the one frame of each tick is the first on its sheet')
})

t.test('a tick with more than a sheet holds goes out in parts, whole and in order', async (t) => {
  const { connect, ingest } = start()
  const symbols = Array.from({ length: 4000 }, (_, i) => `SYMBOL-${i}`)
  const socket = await connect(symbols.map((symbol) => `${symbol}.1m`))
  await ingest(symbols.map((symbol) => minute(0, { symbol })))
  t.ok(socket.writes.length > 1)
  t.strictSame(socket.frames.map(({ key }) => key), symbols.map((symbol) => `${symbol}.1m`))
})
