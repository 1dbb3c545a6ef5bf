import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import t, { type Test } from 'tap'
import type { FastifyInstance } from 'fastify'
import { build } from '../fixture/build.ts'
import { connectRaw, framesOf, type Raw, rawFrame, UPGRADE } from '../fixture/raw.ts'

const FLOODS: Readonly<Record<string, Buffer>> = {
  'protocol pings': rawFrame('x'.repeat(125), { opcode: 9 }),
  'frames that are answered': rawFrame('{"op":"ping","id":"xxxxxxxxxxxxxxxxxxxx"}'),
}
// So many at a time, and so often at most: more than the system's own buffers hold.
const AT_ONCE = 500
const MOST = 1000

async function upgrade (t: Test, app: FastifyInstance): Promise<{ raw: Raw, accepted: Socket }> {
  const connection = once(app.server, 'connection')
  const raw = await connectRaw(t, (app.server.address() as AddressInfo).port)
  const [accepted] = await connection
  raw.write(UPGRADE)
  await raw.until('\r\n\r\n')
  return { raw, accepted }
}

for (const [name, frame] of Object.entries(FLOODS)) {
  t.test(`a flood of ${name}, whose sender reads nothing, is ended before the answers pile up`, async (t) => {
    const app = await build(t)
    const { raw, accepted } = await upgrade(t, app)
    raw.socket.pause()
    const flood = Buffer.concat(Array<Buffer>(AT_ONCE).fill(frame))
    let most = 0
    for (let sent = 0; sent < MOST && app.klineHub.health().connections > 0; sent++) {
      await new Promise((resolve) => { raw.socket.write(flood, resolve) })
      await new Promise(setImmediate)
      most = Math.max(most, accepted.writableLength)
    }
    t.ok(most < 2 * 1_048_576, `${most} bytes waited for a client that does not read`)
    t.equal(app.klineHub.health().connections, 0)
  })
}

t.test('some pings at once are answered, each of them', async (t) => {
  const { raw } = await upgrade(t, await build(t))
  const pings = Array.from({ length: 50 }, (_, i) => `ping ${i}`)
  raw.write(Buffer.concat(pings.map((text) => rawFrame(text, { opcode: 9 }))))
  await raw.until('ping 49')
  t.strictSame(framesOf(raw.bytes).map(({ opcode, payload }) => `${opcode} ${payload}`), pings.map((text) => `10 ${text}`))
})
