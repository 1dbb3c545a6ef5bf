import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type Bar, type Hub, PERIODS } from '../src/index.ts'
import { runBuilt } from './fixture/child.ts'
import { type Client, connectTo, type Message } from './fixture/client.ts'
import type { FakeClock } from './fixture/clock.ts'
import { compile } from './fixture/compile.ts'
import { startHub } from './fixture/hub.ts'
import { minute } from './fixture/minutes.ts'
import { FakeSocket } from './fixture/socket.ts'

const NOON = Date.UTC(2026, 0, 5, 12)
const HOUR = 3_600_000

interface World { readonly hub: Hub, readonly clock: FakeClock, readonly socket: FakeSocket, live (minutes: number): Promise<Message[]> }

/** A hub whose producer sends each minute a second after its end, by a clock of its own that nobody sets. */
function startWorld (t: Test): World {
  const { hub, clock } = startHub(t, { now: NOON })
  const socket = new FakeSocket()
  const connection = hub.connect(socket)
  connection.receive(Buffer.from(JSON.stringify({ op: 'subscribe', args: PERIODS.map((period) => `a.${period}`), watermarks: true })), { binary: false })
  socket.read()
  let place = 0
  async function live (minutes: number): Promise<Message[]> {
    const frames: Message[] = []
    for (const end = place + minutes; place < end; place++) {
      for (let second = 0; second < 60; second++) {
        clock.advance(1000)
        connection.ponged()
        if (second === 0 && place > 0) await hub.ingest(minute(NOON + (place - 1) * 60_000, { symbol: 'a', close: 10 + place % 3 }))
      }
      await new Promise(setImmediate)
      frames.push(...socket.read())
    }
    return frames
  }
  return { hub, clock, socket, live }
}

/** The bars of every period, but for how often each was told. */
function barsOf (hub: Hub): Omit<Bar, 'revision'>[][] {
  return PERIODS.map((period) => hub.klines({ symbol: 'a', period }).bars.map(({ revision, ...bar }) => bar))
}

const closes = (frames: readonly Message[], period: string): number[] => frames.filter(({ key, bar }) => key === `a.${period}` && bar.closed).map(({ bar }) => (bar.time - NOON) / 60_000)
const marks = (frames: readonly Message[]): number[] => frames.filter(({ type }) => type === 'watermark').map(({ time }) => (time - NOON) / 60_000)

t.test('a clock that is set ahead closes what has ended by its time; the minutes that come after that correct it, one event a bar, and the bars end as they should', async (t) => {
  const right = startWorld(t)
  const world = startWorld(t)
  await right.live(10)
  await world.live(10)
  world.clock.set(HOUR)
  const first = await world.live(1)
  t.strictSame(marks(first), [70], 'one word for the whole hour')
  t.strictSame(closes(first, '15m'), [0])
  const frames = await world.live(100)
  await right.live(101)
  t.strictSame(world.socket.ends, [])
  for (const { bar } of frames.filter(({ key, bar }) => key === 'a.15m' && bar.time === NOON)) t.ok(bar.closed)
  t.ok(frames.filter(({ type }) => type === 'bar').length <= 100 * 2 * PERIODS.length, 'no more than a bar and its close')
  t.strictSame(marks(frames), Array.from({ length: 100 }, (_, i) => 71 + i), 'it goes on by the minute')
  t.strictSame(barsOf(world.hub)[0], barsOf(right.hub)[0])
  const ended = ({ time }: { time: number }): boolean => time < NOON + HOUR
  for (const [place, bars] of barsOf(world.hub).slice(0, 6).entries()) t.strictSame(bars.filter(ended), barsOf(right.hub)[place].filter(ended))
})

t.test('a clock that is set back closes nothing until it has come as far again; bars close by their own minutes, and a watermark is refused that it takes for the future', async (t) => {
  const right = startWorld(t)
  const world = startWorld(t)
  await right.live(10)
  await world.live(10)
  world.clock.set(-HOUR)
  const frames = await world.live(59)
  t.strictSame(marks(frames), [])
  t.strictSame(closes(frames, '1m'), Array.from({ length: 59 }, (_, i) => 9 + i))
  t.strictSame(closes(frames, '15m'), [0, 15, 30, 45])
  await t.rejects(world.hub.watermark({ time: NOON + 30 * 60_000 }), { code: 'KLP_ERR_WATERMARK' })
  t.strictSame(marks(await world.live(2)), [10])
  await right.live(61)
  t.strictSame(world.socket.ends, [])
  t.strictSame(barsOf(world.hub), barsOf(right.hub))
})

t.test('a server whose clock is set keeps its connections, goes on with heartbeats and still finds the dead', async (t) => {
  const directory = t.testdir()
  await compile(directory, ['test/fixture/quick-server.ts'])
  const server = runBuilt(t, join(directory, 'dist/test/fixture/quick-server.js'), { args: [String(HOUR), String(-2 * HOUR)] })
  const [url] = await server.says(/ws:.*(?=\n)/)
  const client = await connectTo(t, url)
  const dead: Client[] = []
  let last = (await client.next()).ts
  for (const [step, ms] of [HOUR, -2 * HOUR].entries()) {
    dead.push(await connectTo(t, url, { autoPong: false }))
    server.kill('SIGUSR2')
    await server.says(new RegExp(`(?:set[^]*?){${step + 1}}`))
    let { ts } = await client.next()
    for (let tries = 0; tries < 100 && Math.abs(ts - last) < HOUR / 2; tries++) ts = (await client.next()).ts // those that were under way
    t.ok(Math.abs(ts - last - ms) < 60_000, `${ts - last}`)
    const code = dead[step].closed.then(({ code }) => code)
    t.ok([4212, 1006].includes(await code), 'the one that does not answer is gone')
    for (const { ts } of await client.take(3)) last = ts
  }
  t.equal(client.webSocket.readyState, client.webSocket.OPEN)
})
