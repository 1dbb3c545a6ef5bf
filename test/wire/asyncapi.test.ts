import { Parser } from '@asyncapi/parser'
import { Value } from '@sinclair/typebox/value'
import t from 'tap'
import { CLOSE_CODES, FRAME_CODES } from '../../src/index.ts'
import { asyncApi } from '../../src/wire/asyncapi.ts'
import { parseRequest, REQUESTS } from '../../src/wire/requests.ts'

const text = JSON.stringify(asyncApi({ host: '127.0.0.1:3000', protocol: 'ws', address: '/kline/ws', version: '1.2.3' }))

t.test('the document of the WebSocket is AsyncAPI 3 by the letter, its examples too', async (t) => {
  const { document, diagnostics } = await new Parser().parse(text)
  t.strictSame(diagnostics.filter(({ severity }) => severity < 2).map(({ path, message }) => `${path.join('.')}: ${message}`), [])
  t.equal(document?.version(), '3.0.0')
  t.equal(document?.info().version(), '1.2.3')
  t.strictSame(document?.servers().all().map((server) => `${server.protocol()}://${server.host()}`), ['ws://127.0.0.1:3000'])
  t.strictSame(document?.channels().all().map((channel) => channel.address()), ['/kline/ws'])

  const operations = document?.operations().all() ?? []
  const said = (receives: boolean) => operations.filter((operation) => operation.isReceive() === receives).map((operation) => operation.id())
  t.strictSame(said(true), REQUESTS.map(({ properties }) => properties.op.const), 'every op is one')
  t.strictSame(said(false), ['push'])
  const subscribe = operations.find((operation) => operation.id() === 'subscribe')
  t.strictSame(subscribe?.reply()?.messages().all().map((message) => message.name()), ['subscribe-ack', 'error-frame'])
  const used = operations.flatMap((operation) => [operation.messages(), operation.reply()?.messages()]).flatMap((messages) => messages?.all().map((message) => message.name()) ?? [])
  t.strictSame([...new Set(used)].sort(), document?.channels().all()[0].messages().all().map((message) => message.name()).sort(), 'no message is of no operation')
})

t.test('the document of the WebSocket has every close code and every code of a frame', async (t) => {
  for (const { code, reason, when } of Object.values(CLOSE_CODES)) t.ok(text.includes(`- ${code} (${reason}): ${when}`), String(code))
  const { enum: codes, description } = JSON.parse(text).components.schemas['frame-code']
  t.strictSame(codes, Object.keys(FRAME_CODES))
  for (const [code, when] of Object.entries(FRAME_CODES)) t.ok(description.includes(`\`${code}\`: ${when}`), code)
})

t.test('what it shows of requests is taken by the server', async (t) => {
  for (const schema of REQUESTS) {
    t.ok(schema.examples.length > 0, String(schema.$id))
    for (const example of schema.examples) {
      t.ok(Value.Check(schema, example))
      t.strictSame(parseRequest(JSON.stringify(example)), example)
    }
  }
})
