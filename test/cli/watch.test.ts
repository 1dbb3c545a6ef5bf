import t, { type Test } from 'tap'
import type { FastifyInstance } from 'fastify'
import type { AddressInfo } from 'node:net'
import { PassThrough } from 'node:stream'
import { WebSocketServer } from 'ws'
import { watch } from '../../src/cli/watch.ts'
import { serve } from '../../src/serve.ts'

const TIME = Date.UTC(2026, 0, 5, 1)

function minute (index: number, symbol = 'rb2601') {
  return { symbol, time: TIME + index * 60_000, open: 1, high: 3, low: 1, close: 2, volume: 5 }
}

function collect () {
  const stream = new PassThrough({ encoding: 'utf8' })
  let text = ''
  stream.on('data', (chunk: string) => { text += chunk })
  return { stream, text: () => text, async until (pattern: RegExp) { while (!pattern.test(text)) await new Promise((resolve) => setTimeout(resolve, 5)) } }
}

async function start (t: Test, port = 0): Promise<FastifyInstance> {
  const app = await serve({ host: '127.0.0.1', port, logger: false })
  t.teardown(async () => { await app.close() })
  return app
}

function wsUrl (app: FastifyInstance): string {
  return `${app.listeningOrigin.replace('http', 'ws')}/ws`
}

t.test('each bar is one readable line, until the signal says stop', async (t) => {
  const app = await start(t)
  const out = collect()
  const controller = new AbortController()
  const subscribed = new Promise<void>((resolve) => {
    const watching = watch({ keys: ['rb2601.1m', 'rb2601.5m'], url: wsUrl(app), out: out.stream, err: collect().stream, signal: controller.signal, onSubscribed: resolve })
    t.teardown(async () => { await watching })
  })
  await subscribed
  await app.klineHub.ingest(minute(0))
  await out.until(/5m.*\n/)
  controller.abort()
  t.match(out.text(), /^2026-01-05 01:00Z {2}rb2601\.1m +O 1 +H 3 +L 1 +C 2 +V 5 +closed\n2026-01-05 01:00Z {2}rb2601\.5m .* open\n$/)
})

t.test('after a lost connection it comes back and prints what it missed, once', async (t) => {
  const first = await start(t)
  const { port } = first.server.address() as AddressInfo
  const out = collect()
  const err = collect()
  const controller = new AbortController()
  const watching = watch({ keys: ['rb2601.1m'], url: wsUrl(first), out: out.stream, err: err.stream, signal: controller.signal })
  await first.klineHub.ingest(minute(0))
  await out.until(/01:00Z.*\n/)
  await first.close()
  const second = await start(t, port)
  await second.klineHub.ingest([minute(0), minute(1), minute(2)])
  await out.until(/01:02Z.*\n/)
  controller.abort()
  await watching
  t.match(err.text(), /lost ws:.* \(1001 going away\), back in/)
  t.strictSame(out.text().match(/01:0\dZ/g), ['01:00Z', '01:01Z', '01:02Z'])
})

t.test('a close code that says stop is an error', async (t) => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  t.teardown(() => { server.close() })
  server.on('connection', (webSocket) => { webSocket.close(4009, 'too many malformed frames') })
  await new Promise((resolve) => { server.once('listening', resolve) })
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
  const watching = watch({ keys: ['rb2601.1m'], url, out: collect().stream, err: collect().stream, signal: new AbortController().signal })
  await t.rejects(watching, { message: /for good: 4009 too many malformed frames/ })
})

t.test('a rejected key is named; when none is left it is an error', async (t) => {
  const app = await start(t)
  const err = collect()
  const watching = watch({ keys: ['rb2601.7m'], url: wsUrl(app), out: collect().stream, err: err.stream, signal: new AbortController().signal })
  await t.rejects(watching, { message: 'None of the keys can be watched' })
  t.match(err.text(), /^rb2601\.7m: Expected the period/)
})
