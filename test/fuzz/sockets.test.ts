import fc from 'fast-check'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { deflateRawSync } from 'node:zlib'
import t, { type Test } from 'tap'
import type { FastifyInstance } from 'fastify'
import { CLOSE_CODES, FRAME_CODES } from '../../src/errors.ts'
import { build } from '../fixture/build.ts'
import { type Client, connect } from '../fixture/client.ts'
import { ATTACKS, anyFrameText } from '../fixture/fuzz/frames.ts'
import { casesOf, heapUsed } from '../fixture/fuzz/runs.ts'
import { minute } from '../fixture/minutes.ts'
import { closeCodeOf, connectRaw, framesOf, type Raw, rawFrame, UPGRADE } from '../fixture/raw.ts'

const OPTIONS = { closeGraceMs: 'off', heartbeatMs: 1e9, maxFrameBytes: 1000, maxBadFrames: 5, deflate: true } as const
const TYPES = ['ack', 'pong', 'error', 'snapshot', 'bar', 'batch']
const PING = '{"op":"ping","id":1}'

t.setTimeout(600_000)

/** A server, and a subscriber that it has to serve whatever others do. */
class World {
  readonly #app: FastifyInstance
  readonly #bystander: Client
  #minutes = 0

  constructor (app: FastifyInstance, bystander: Client) {
    this.#app = app
    this.#bystander = bystander
  }

  static async start (t: Test, options: object = {}): Promise<World> {
    const app = await build(t, { ...OPTIONS, ...options })
    const bystander = await connect(t, app)
    bystander.send({ op: 'subscribe', args: ['by.1m'] })
    await bystander.take(2)
    return new World(app, bystander)
  }

  async connect (t: Pick<Test, 'teardown'>): Promise<Raw> {
    return await connectRaw(t, (this.#app.server.address() as AddressInfo).port)
  }

  /** A connection that has been upgraded. */
  async upgrade (t: Pick<Test, 'teardown'>, head = UPGRADE): Promise<Raw> {
    const raw = await this.connect(t)
    raw.write(head)
    await raw.until('\r\n\r\n')
    return raw
  }

  /** The others are gone without a trace, and the bystander has its bars. */
  async check (t: Test): Promise<void> {
    await this.#app.klineHub.ingest(minute(this.#minutes++ * 60_000, { symbol: 'by' }))
    t.match(await this.#bystander.next(), { type: 'bar', key: 'by.1m', seq: this.#minutes })
    for (let tries = 0; tries < 1000 && this.#app.klineHub.health().connections > 1; tries++) await sleep(10)
    t.match(this.#app.klineHub.health(), { connections: 1, keys: 1 })
    t.equal(this.#app.websocketServer.clients.size, 0)
  }
}

/** What is wrong with what a server sent. */
function problemOf (bytes: Buffer): string | undefined {
  for (const { opcode, payload } of framesOf(bytes)) {
    if (opcode !== 1) continue
    const { type, code, frames = [] } = JSON.parse(payload.toString())
    if (!TYPES.includes(type) || frames.some(({ type }: { type: string }) => !TYPES.includes(type))) return `the type ${type}`
    if (code !== undefined && !Object.hasOwn(FRAME_CODES, code)) return `the code ${code}`
  }
  return undefined
}

const control = (payload: string | number[], opcode: number): Buffer => rawFrame(Buffer.from(payload as number[]), { opcode })

// RFC 6455: what a client may not send, and the code that it hears.
const BROKEN: Readonly<Record<string, [bytes: Buffer, code: number]>> = {
  'a frame that is not masked': [rawFrame(PING, { masked: false }), 1002],
  'a frame of kind 3': [rawFrame(PING, { opcode: 3 }), 1002],
  'a frame of kind 7': [rawFrame(PING, { opcode: 7 }), 1002],
  'a frame of kind 11': [rawFrame('', { opcode: 11 }), 1002],
  'a frame of kind 15': [rawFrame('', { opcode: 15 }), 1002],
  'a reserved bit': [rawFrame(PING, { reserved: 1 }), 1002],
  'all reserved bits': [rawFrame(PING, { reserved: 7 }), 1002],
  'a ping in pieces': [rawFrame('x', { opcode: 9, final: false }), 1002],
  'a ping of 126 bytes': [rawFrame('x'.repeat(126), { opcode: 9 }), 1002],
  'a piece of nothing': [rawFrame('x', { opcode: 0 }), 1002],
  'a message within another': [Buffer.concat([rawFrame('{', { final: false }), rawFrame(PING)]), 1002],
  'text that is not UTF-8': [rawFrame(Buffer.from([0x22, 0xc3, 0x28, 0x22])), 1007],
  'text that ends within a letter': [rawFrame(Buffer.from([0xf0, 0x9f])), 1007],
  'a surrogate in UTF-8': [rawFrame(Buffer.from([0xed, 0xa0, 0x80])), 1007],
  'a close of one byte': [control('x', 8), 1002],
  'a close with a code that may not be sent': [control([0x03, 0xed], 8), 1002],
  'a close with a reason that is not UTF-8': [control([0x03, 0xe8, 0xff], 8), 1007],
  'a length of 2 GiB': [rawFrame('', { says: 2 ** 31 }), 1009],
  'a length of 8 PiB': [rawFrame('', { says: 2 ** 53 - 1 }), 1009],
  'a length of more than there are': [Buffer.concat([Buffer.from([0x81, 0xff]), Buffer.alloc(12, 0xff)]), 1009],
  'pieces that are too long together': [Buffer.concat([rawFrame('x'.repeat(1500), { final: false }), rawFrame('x'.repeat(1500), { opcode: 0 })]), 1009],
  'pieces without an end': [Buffer.concat([rawFrame('', { final: false }), ...Array.from({ length: 17_000 }, () => rawFrame('', { opcode: 0, final: false }))]), 1008],
}

t.test('a frame that breaks the protocol ends the connection with the code of RFC 6455 and leaves no trace', async (t) => {
  const world = await World.start(t)
  for (const [name, [bytes, code]] of Object.entries(BROKEN)) {
    const raw = await world.upgrade(t)
    raw.write(Buffer.concat([rawFrame('{"op":"subscribe","args":["a.1m"]}'), bytes]))
    await raw.closed
    t.equal(closeCodeOf(raw.bytes), code, name)
  }
  await world.check(t)
})

t.test('a compressed frame that grows past the limit ends the connection with 1009', async (t) => {
  const world = await World.start(t)
  const raw = await world.upgrade(t, UPGRADE.replace('\r\n\r\n', '\r\nSec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover; server_no_context_takeover; server_max_window_bits=9\r\n\r\n'))
  t.match(raw.bytes.toString('latin1'), /permessage-deflate/)
  raw.write(rawFrame(deflateRawSync(Buffer.alloc(100_000_000)).subarray(0, 1990), { reserved: 4 }))
  await raw.closed
  t.ok([1007, 1009].includes(closeCodeOf(raw.bytes) ?? 0), `${closeCodeOf(raw.bytes)}`)
  await world.check(t)
})

t.test('an attack within one frame is answered, over the wire too', async (t) => {
  const world = await World.start(t, { maxFrameBytes: 1_048_576 })
  const raw = await world.upgrade(t)
  for (const [name, text] of Object.entries(ATTACKS)) {
    raw.bytes = Buffer.from('\r\n\r\n')
    raw.write(Buffer.concat([rawFrame(text), rawFrame('{"op":"ping","id":"done"}')]))
    await raw.until('"id":"done"')
    t.equal(problemOf(raw.bytes), undefined, name)
    t.ok(framesOf(raw.bytes).length >= 2, name)
  }
  raw.socket.destroy()
  await world.check(t)
})

t.test('a handshake that is none is refused', async (t) => {
  const world = await World.start(t)
  const heads: [string, RegExp][] = [
    [UPGRADE.replace('Sec-WebSocket-Version: 13', 'Sec-WebSocket-Version: 12'), /^HTTP\/1\.1 4/],
    [UPGRADE.replace(/Sec-WebSocket-Key: .*\r\n/, ''), /^HTTP\/1\.1 4/],
    [UPGRADE.replace('dGhlIHNhbXBsZSBub25jZQ==', 'short'), /^HTTP\/1\.1 4/],
    [UPGRADE.replace('Upgrade: websocket', 'Upgrade: h2c'), /^HTTP\/1\.1 4/],
    [UPGRADE.replace('GET', 'POST'), /^HTTP\/1\.1 4/],
    [UPGRADE.replace('/ws', '/%'), /^HTTP\/1\.1 4/],
    [UPGRADE.replace('/ws', '/../ws/..%2f'), /^HTTP\/1\.1 4/],
    [UPGRADE.replace('/ws', `/ws?${'x'.repeat(20_000)}`), /^HTTP\/1\.1 4/],
    [UPGRADE.replace('Host: localhost', `Host: localhost\r\nX-Long: ${'x'.repeat(20_000)}`), /^HTTP\/1\.1 4/],
    [UPGRADE.replace('Host: localhost', 'Host: local\0host'), /^HTTP\/1\.1 4/],
    [UPGRADE.replace('\r\nHost', '\nHost: a\r\nTransfer-Encoding: chunked\r\nX'), /^HTTP\/1\.1 [14]/],
    ['\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03 a hello of TLS\r\n\r\n', /^HTTP\/1\.1 4/],
    ['\0'.repeat(100), /^HTTP\/1\.1 4/],
  ]
  for (const [head, answer] of heads) {
    const raw = await world.connect(t)
    raw.write(Buffer.from(head, 'latin1'))
    t.match(await raw.until('\r\n\r\n'), answer, JSON.stringify(head.slice(0, 200)))
    raw.socket.destroy()
  }
  await world.check(t)
})

t.test('handshakes that come letter by letter, and bodies that never end, hold up nobody else', async (t) => {
  const world = await World.start(t)
  const body = 'POST /bars HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n[{"symbol":"a",'
  const chunked = 'POST /bars HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[{"sy\r\n'
  const slow: Raw[] = []
  for (let i = 0; i < 150; i++) slow.push(await world.connect(t))
  for (const [place, raw] of slow.entries()) raw.write(place % 3 === 0 ? UPGRADE.slice(0, 1 + place) : place % 3 === 1 ? body : chunked)
  await world.check(t)
  const raw = await world.upgrade(t)
  for (const byte of rawFrame(PING)) raw.write(Buffer.from([byte]))
  t.match(await raw.until('"pong"'), /"id":1/)
  for (const { socket } of [...slow, raw]) socket.destroy()
  await world.check(t)
})

const anyPart = fc.record({
  payload: fc.oneof({ weight: 4, arbitrary: anyFrameText.map((text) => Buffer.from(text)) }, fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes))),
  opcode: fc.oneof({ weight: 10, arbitrary: fc.constantFrom(1, 1, 1, 0, 2, 9, 10) }, fc.integer({ min: 0, max: 15 })),
  final: fc.oneof({ weight: 8, arbitrary: fc.constant(true) }, fc.constant(false)),
  masked: fc.oneof({ weight: 30, arbitrary: fc.constant(true) }, fc.constant(false)),
  reserved: fc.oneof({ weight: 30, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 7 })),
  says: fc.oneof({ weight: 30, arbitrary: fc.constant(-1) }, fc.nat(3000), fc.constantFrom(2 ** 32, 2 ** 53 - 1)),
})

t.test('whatever bytes come over a connection, what goes back is frames of known types and codes, and no connection stays', async (t) => {
  const world = await World.start(t)
  const known = [1000, 1001, 1002, 1003, 1005, 1007, 1008, 1009, ...Object.values(CLOSE_CODES).map(({ code }) => code as number)]
  const run = async (parts: readonly { payload: Buffer, opcode: number, final: boolean, masked: boolean, reserved: number, says: number }[], cut: number): Promise<void> => {
    const bytes = Buffer.concat(parts.map(({ payload, says, ...part }) => rawFrame(payload, { ...part, ...(says < 0 ? undefined : { says }) })))
    const raw = await world.upgrade({ teardown () {} }) // nothing of so many has to stay until the end
    raw.write(bytes.subarray(0, cut % (bytes.length + 1)))
    raw.write(bytes.subarray(cut % (bytes.length + 1)))
    raw.socket.end()
    await raw.closed
    const problem = problemOf(raw.bytes)
    if (problem !== undefined) throw new Error(`The client got ${problem}`)
    const code = closeCodeOf(raw.bytes)
    if (code !== undefined && !known.includes(code) && !parts.some(({ opcode }) => opcode === 8)) throw new Error(`The client got the code ${code}`)
  }
  const sample = async (share: number): Promise<void> => { await fc.assert(fc.asyncProperty(fc.array(anyPart, { minLength: 1, maxLength: 12 }), fc.nat(), run), { numRuns: casesOf(share) }) }
  await sample(0.003)
  const heap = heapUsed()
  await sample(0.007)
  await world.check(t)
  const grown = heapUsed() - heap
  t.ok(grown < 8_000_000, `${grown} bytes more`)
})
