import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { FastifyInstance } from 'fastify'
import { build } from './fixture/build.ts'
import { connect, connectTo } from './fixture/client.ts'
import { Proxy } from './fixture/continuity/proxy.ts'
import { minute } from './fixture/minutes.ts'
import { connectRaw, rawFrame, UPGRADE } from './fixture/raw.ts'

const portOf = (app: FastifyInstance): number => (app.server.address() as AddressInfo).port
const at = (place: number) => minute(place * 60_000, { symbol: 'a' })

async function until (check: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1000 && !check(); tries++) await sleep(10)
}

t.test('a network that is cut in the middle of a frame costs that connection only; the subscriber comes back and has every bar once', async (t) => {
  const app = await build(t, { closeGraceMs: 'off' })
  const proxy = new Proxy()
  const url = await proxy.listen()
  t.teardown(() => { proxy.close() })
  proxy.target = portOf(app)
  const bystander = await connect(t, app)
  bystander.send({ op: 'subscribe', args: ['a.1m'] })
  await bystander.take(2)

  const seen: number[] = []
  let since: object = {}
  let place = 0
  for (const more of [1, 40, 90, 200, 300]) {
    proxy.cutNextAfter = 600 + more // the handshake, the ack and the snapshot, and a part of what follows
    const client = await connectTo(t, url)
    client.send({ op: 'subscribe', args: ['a.1m'], since })
    const [ack] = await client.take(1)
    for (const end = place + 3; place < end; place++) await app.klineHub.ingest(at(place))
    const { code } = await client.closed
    t.equal(code, 1006)
    for (const { type, seq } of client.left()) if (type === 'bar' && seq !== undefined) seen.push(seq)
    since = { 'a.1m': { epoch: ack.keys[0].epoch, seq: seen.at(-1) ?? 0 } }
    await until(() => app.klineHub.health().connections === 1)
    t.match(app.klineHub.health(), { connections: 1, keys: 1 })
  }
  const client = await connectTo(t, url)
  client.send({ op: 'subscribe', args: ['a.1m'], since })
  t.match(await client.next(), { keys: [{ recovered: true }] })
  for (const { seq } of await client.rest()) seen.push(seq)
  t.strictSame(seen, Array.from({ length: place }, (_, i) => i + 1))
  t.strictSame((await bystander.take(place)).map(({ seq }) => seq), seen)
})

t.test('a frame of a client of which only a part comes does nothing, and its connection leaves no trace', async (t) => {
  const app = await build(t)
  const raw = await connectRaw(t, portOf(app))
  raw.write(UPGRADE)
  await raw.until('101')
  raw.write(rawFrame(JSON.stringify({ op: 'subscribe', id: 1, args: ['a.1m'] })))
  await raw.until('snapshot')
  const second = rawFrame(JSON.stringify({ op: 'subscribe', id: 2, args: ['b.1m'] }))
  raw.write(second.subarray(0, -1))
  await app.klineHub.ingest(at(0))
  await raw.until('"bar"')
  t.match(app.klineHub.health(), { connections: 1, keys: 1 })
  raw.socket.resetAndDestroy()
  await until(() => app.klineHub.health().connections === 0)
  t.match(app.klineHub.health(), { connections: 0, keys: 0 })
})

t.test('of a body whose producer dies in the middle of it nothing is taken; one that dies before the answer sends it again, and those are duplicates', async (t) => {
  const app = await build(t)
  const client = await connect(t, app)
  client.send({ op: 'subscribe', args: ['a.1m'] })
  await client.take(2)
  const body = JSON.stringify([at(0), at(1)])
  const head = `POST /bars HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`

  for (const part of [0, 1, body.length - 1]) {
    const producer = await connectRaw(t, portOf(app))
    const accepted = once(app.server, 'request')
    producer.write(head + body.slice(0, part))
    const [request] = await accepted
    const gone = new Promise<void>((resolve) => { request.once('close', resolve) })
    producer.socket.resetAndDestroy()
    await gone
  }
  t.strictSame(app.klineHub.symbols(), [])
  t.strictSame(await client.rest(), [])

  const producer = await connectRaw(t, portOf(app))
  const taken = client.take(2)
  producer.write(head + body)
  producer.socket.end()
  t.match(await taken, [{ seq: 1 }, { seq: 2 }])
  producer.socket.destroy()
  t.strictSame((await app.inject({ method: 'POST', url: '/bars', payload: [at(0), at(1)] })).json(), { accepted: 0, duplicates: 2, revised: 0 })
  t.strictSame(await client.rest(), [])
})
