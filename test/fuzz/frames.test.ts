import fc from 'fast-check'
import t from 'tap'
import { FRAME_CODES } from '../../src/errors.ts'
import type { Hub } from '../../src/push/hub.ts'
import type { Connection } from '../../src/push/connection.ts'
import type { FakeClock } from '../fixture/clock.ts'
import { ATTACKS, anyFrame, anyRequest, SYMBOLS } from '../fixture/fuzz/frames.ts'
import { answerOf, canonical, Model } from '../fixture/fuzz/model.ts'
import { casesOf, heapUsed, watchPrototypes } from '../fixture/fuzz/runs.ts'
import { startHub } from '../fixture/hub.ts'
import { minute } from '../fixture/minutes.ts'
import { FakeSocket } from '../fixture/socket.ts'

const LIMITS = { maxFrameBytes: 2000, maxKeysPerConnection: 12, maxHistory: 50, maxBadFrames: 7, maxBufferedBytes: 3000, memoryBars: 100 }
const CODES = Object.keys(FRAME_CODES)

t.setTimeout(600_000)

type Step = { bytes: Buffer, binary: boolean } | 'stall' | 'drain' | 'bars' | 'time'

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 20, arbitrary: anyFrame },
  { weight: 4, arbitrary: anyRequest.map((request) => ({ bytes: Buffer.from(JSON.stringify(request)), binary: false })) },
  fc.constantFrom<Step>('stall', 'drain', 'bars', 'time'),
)

/** Frames that came together, one by one. */
function unpack (socket: FakeSocket): any[] {
  return socket.read().flatMap((frame) => frame.type === 'batch' ? frame.frames : frame)
}

/** A client of which every frame is held against what the README says of it. */
class Session {
  readonly socket = new FakeSocket()
  readonly model: Model
  readonly #connection: Connection
  readonly #expected: string[] = []
  readonly #asked = new Set<string>()
  /** What has come of it: a word for each frame, each answer and its end. */
  readonly kinds: string[] = []
  /** It was closed while it was behind: what it was still to hear went with it. */
  #isCutOff = false

  constructor (hub: Hub, limits: typeof LIMITS) {
    this.model = new Model(limits)
    this.#connection = hub.connect(this.socket)
  }

  get isOver (): boolean {
    return this.socket.ends.length > 0
  }

  receive (frame: { bytes: Buffer, binary: boolean }): void {
    this.kinds.push('frames')
    if (!this.isOver) this.#expected.push(canonical(this.model.receive(frame.bytes, frame)))
    for (const key of this.model.held) this.#asked.add(key)
    const wasOver = this.isOver
    this.#connection.receive(frame.bytes, frame)
    if (this.isOver && !wasOver) this.#isCutOff = this.socket.buffered > 0
  }

  ponged (): void {
    this.#connection.ponged()
  }

  /** Reads what has come, and holds it against what was to come; returns what is wrong. */
  check (): string | undefined {
    for (const frame of unpack(this.socket)) {
      const answer = answerOf(frame)
      if (frame.code !== undefined && !CODES.includes(frame.code)) return `the code ${frame.code}`
      if (answer === undefined) {
        if (!['snapshot', 'bar', 'watermark', 'heartbeat', 'reset'].includes(frame.type)) return `the type ${frame.type}`
        if (frame.key !== undefined && !this.#asked.has(frame.key)) return `the key ${frame.key}, which it has not asked for`
        continue
      }
      this.kinds.push(answer.type)
      const expected = this.#expected.shift()
      if (canonical(answer) !== expected) return `${canonical(answer)}, expected ${expected}`
    }
    return undefined
  }

  /** Reads on to the end. */
  async end (): Promise<string | undefined> {
    this.socket.stuck = false
    for (let i = 0; i < 20; i++) {
      this.socket.drain()
      await new Promise(setImmediate)
    }
    return this.check() ?? this.#checkEnd()
  }

  hangUp (): void {
    this.#connection.end()
  }

  #checkEnd (): string | undefined {
    const [end] = this.socket.ends as { code: number }[]
    if (end !== undefined) this.kinds.push(String(end.code))
    if (end?.code === 4108) return undefined
    if (this.#expected.length > 0 && !this.#isCutOff) return `no answer, expected ${this.#expected[0]}`
    if (end?.code !== (this.model.closed ? 4009 : undefined)) return `the end ${end?.code}`
    return undefined
  }
}

/** A subscriber who sends nothing odd, and the producer that it hears. */
class Bystander {
  /** How many minutes there were, and how many of them it has heard of, each in its turn. */
  minutes = 0
  heard = 0
  readonly #hub: Hub
  readonly #socket = new FakeSocket()
  readonly #connection: Connection

  constructor (hub: Hub) {
    this.#hub = hub
    this.#connection = hub.connect(this.#socket)
    this.#connection.receive(Buffer.from('{"op":"subscribe","args":["by.1m"]}'), { binary: false })
    this.#socket.read()
  }

  ponged (): void {
    this.#connection.ponged()
  }

  async ingest (): Promise<void> {
    const time = this.minutes++ * 60_000
    await this.#hub.ingest(['by', ...SYMBOLS].map((symbol) => minute(time, { symbol })))
    for (const { key, seq } of this.#socket.read()) if (key === 'by.1m' && seq === this.heard + 1) this.heard++
  }
}

async function play (session: Session, { steps, clock, bystander }: { steps: readonly Step[], clock: FakeClock, bystander: Bystander }): Promise<string | undefined> {
  for (const step of steps) {
    if (step === 'stall') session.socket.stuck = true
    else if (step === 'bars') await bystander.ingest()
    else if (step === 'time') clock.advance(10_000)
    else if (step !== 'drain') session.receive(step)
    else {
      session.socket.stuck = false
      session.socket.drain()
    }
    session.ponged()
    bystander.ponged()
    const problem = session.check()
    if (problem !== undefined) return problem
  }
  return await session.end()
}

t.test('whatever a client sends, each frame has the one answer that the README says, and nobody else notices', async (t) => {
  const { hub, clock } = startHub(t, LIMITS)
  const bystander = new Bystander(hub)
  const checkPrototypes = watchPrototypes(t)
  const counts: Record<string, number> = { frames: 0, ack: 0, error: 0, pong: 0, 4009: 0, 4108: 0 }
  const sample = async (): Promise<void> => {
    await fc.assert(fc.asyncProperty(fc.array(anyStep, { minLength: 1, maxLength: 60, size: 'max' }), async (steps) => {
      const session = new Session(hub, LIMITS)
      const problem = await play(session, { steps, clock, bystander })
      session.hangUp()
      if (problem !== undefined) throw new Error(`The client got ${problem}`)
      checkPrototypes()
      const { connections, keys } = hub.health()
      if (connections !== 1 || keys !== 1) throw new Error(`It left ${connections - 1} connections and ${keys - 1} keys behind`)
      for (const kind of session.kinds) counts[kind]++
    }), { numRuns: 100 })
  }
  const target = casesOf(0.5)
  while (counts.frames < target / 2) await sample()
  const heap = heapUsed()
  while (counts.frames < target) await sample()
  const grown = heapUsed() - heap
  t.ok(grown < 3_000_000, `${grown} bytes more`)
  await bystander.ingest()
  t.equal(bystander.heard, bystander.minutes, 'the bystander has heard of every minute')
  for (const [kind, count] of Object.entries(counts)) t.ok(count > target / 1000, `${kind}: ${count}`)
})

for (const [name, text] of Object.entries(ATTACKS)) {
  t.test(`${name}: has one answer`, async (t) => {
    const limits = { ...LIMITS, maxFrameBytes: 2 ** 20, maxKeysPerConnection: 10_000, maxBufferedBytes: 2 ** 24 }
    const { hub } = startHub(t, limits)
    const checkPrototypes = watchPrototypes(t)
    const session = new Session(hub, limits)
    session.receive({ bytes: Buffer.from(text), binary: false })
    session.receive({ bytes: Buffer.from('{"op":"ping","id":"still there"}'), binary: false })
    t.equal(await session.end(), undefined)
    session.hangUp()
    checkPrototypes()
    t.match(hub.health(), { connections: 0, keys: 0 })
  })
}
