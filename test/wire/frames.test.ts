import { TypeCompiler } from '@sinclair/typebox/compiler'
import { Value } from '@sinclair/typebox/value'
import t from 'tap'
import type { MinuteBar } from '../../src/index.ts'
import { PUSHES, REPLIES } from '../../src/wire/frames.ts'
import { build } from '../fixture/build.ts'
import { connect, type Message } from '../fixture/client.ts'

const schemas = [...Object.values(REPLIES), ...PUSHES]
const validators = new Map(schemas.map((schema) => [schema.$id, TypeCompiler.Compile(schema)]))
const MONDAY = Date.UTC(2024, 0, 1)

function minute (place: number, given: Partial<MinuteBar> = {}): MinuteBar {
  return { symbol: 'rb2601', time: MONDAY + place * 60_000, open: 10, high: 12, low: 9, close: 11, volume: 5, ...given }
}

/** Which schemas a frame is of; one, or there is something wrong. */
function kindsOf (frame: Message): string[] {
  return [...validators].filter(([, validator]) => validator.Check(frame)).map(([id]) => id as string)
}

t.test('every frame that a server sends is of one schema, with no field that it does not name', async (t) => {
  const app = await build(t, { heartbeatMs: 50, maxFrameBytes: 1000, maxKeysPerConnection: 5, closeGraceMs: 'off' })
  const { epoch } = app.klineHub.health()
  const client = await connect(t, app)
  const seen: Message[] = []
  client.webSocket.on('message', (data: Buffer) => { seen.push(JSON.parse(data.toString())) })
  const until = async (type: string): Promise<void> => {
    for (let i = 0; i < 100; i++) if ((await client.next()).type === type) return
    throw new Error(`Expected a frame of ${type}, got ${JSON.stringify(seen.slice(-3))}`)
  }
  const say = async (...frames: (object | string | Buffer)[]): Promise<void> => {
    for (const frame of frames) client.send(frame)
    await until('ack')
  }

  await app.klineHub.ingest([minute(0), minute(1, { turnover: 1e21, trades: 3, openInterest: 1e-7 })])
  const keys = ['rb2601.1m', 'rb2601.5m', 'a\\b.1h']
  await say({ op: 'subscribe', id: 1, args: [...keys, 'nonsense', 'rb2601.7m'], history: 5, watermarks: true })
  await say({ op: 'subscribe', id: 'x', args: keys, since: { [keys[0]]: { epoch, seq: 1 }, [keys[1]]: { epoch: 'other', seq: 1 } }, watermarks: true })
  await app.klineHub.ingest([minute(2), minute(1, { close: 10 }), minute(2, { symbol: 'a\\b' })])
  await app.klineHub.watermark({ time: MONDAY + 300_000 })
  await app.klineHub.watermark({ time: MONDAY + 600_000, symbols: ['rb2601'] })
  await app.klineHub.import(minute(20))
  await app.klineHub.ingest(minute(21))
  await say({ op: 'ping', id: 2 }, { op: 'ping' }, { op: 'list' })
  for (const bad of ['nope', '[]', '{"id":7}', '{"op":"list","id":1e20}', '{"op":"nothing","id":"x"}', Buffer.from('{}'), ' '.repeat(1001)]) client.send(bad)
  await say({ op: 'subscribe', args: ['a.1m', 'b.1m', 'c.1m', 'd.1m', 'e.1m', 'f.1m'] }, { op: 'list', id: 3 })
  await until('heartbeat')
  client.send({ op: 'subscribe', args: keys, batch: true })
  await until('batch')
  await app.klineHub.ingest([minute(22), minute(23)])
  await until('batch')
  await say({ op: 'unsubscribe', id: 4, args: [keys[0], 'e.1m'] })
  await app.close()
  await client.closed

  const frames = seen.flatMap((frame) => frame.type === 'batch' ? [frame, ...frame.frames] : [frame])
  for (const frame of frames) if (kindsOf(frame).length !== 1) t.fail(`${JSON.stringify(frame)} is of ${kindsOf(frame).length} schemas`)
  t.strictSame([...new Set(frames.flatMap(kindsOf))].sort(), [...validators.keys()].sort(), 'and of each schema there was one')
})

t.test('the examples are what their schemas say', async (t) => {
  for (const schema of schemas) {
    t.ok(schema.examples.length > 0, String(schema.$id))
    for (const example of schema.examples) t.ok(Value.Check(schema, example), `${schema.$id} ${JSON.stringify(example)}`)
  }
})
