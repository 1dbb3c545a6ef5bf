import t, { type Test } from 'tap'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { connect as connectNet } from 'node:net'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { MinuteBar } from '../src/index.ts'
import { serve } from '../src/serve.ts'
import { type Child, runBuilt, runSource } from './fixture/child.ts'
import { connectTo } from './fixture/client.ts'
import { compile } from './fixture/compile.ts'

t.setTimeout(120_000)

const SYMBOLS = Array.from({ length: 30 }, (_, i) => `s${i}`)
// All together less than what may wait for a reader that is behind.
const MANY = 200

function minutes (symbol: string, count = MANY): MinuteBar[] {
  return Array.from({ length: count }, (_, place) => ({ symbol, time: place * 60_000, open: 10, high: 12, low: 9, close: 11, volume: 5 }))
}

async function post (url: string, body: unknown): Promise<{ status: number, body: any }> {
  const response = await fetch(`${url}/bars`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  return { status: response.status, body: await response.json() }
}

function runServer (t: Test, dataDir: string): Child {
  return runSource(t, 'src/server.ts', { env: { HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'info', DATA_DIR: dataDir } })
}

/** The server entry on a data directory, and a subscriber of every symbol. */
async function start (t: Test, dataDir: string) {
  const child = runServer(t, dataDir)
  const [, url] = await child.says(/listening at (http:[^"]+)/)
  const client = await connectTo(t, `${url.replace('http', 'ws')}/ws`)
  client.send({ op: 'subscribe', args: SYMBOLS.map((symbol) => `${symbol}.1m`) })
  await client.take(1 + SYMBOLS.length)
  return { child, url, client }
}

/** How many minutes of each symbol a data directory holds. */
async function stored (t: Test, dataDir: string): Promise<Record<string, number>> {
  const app = await serve({ host: '127.0.0.1', port: 0, dataDir, logger: false })
  t.teardown(() => app.close())
  return Object.fromEntries(app.klineHub.symbols().map(({ symbol }) => [symbol, app.klineHub.klines({ symbol, period: '1m', limit: 5000 }).bars.length]))
}

t.test('SIGTERM: what was accepted is kept, pushed and answered, then the sockets get a notice and 1001, and the server ends with 0', async (t) => {
  const dataDir = t.testdir()
  const { child, url, client } = await start(t, dataDir)
  const posts = SYMBOLS.map(async (symbol) => await post(url, minutes(symbol)).catch(() => undefined))
  await Promise.any(posts)
  child.kill('SIGTERM')
  const answers = await Promise.all(posts)
  t.strictSame(await child.ended, { code: 0, signal: null }, child.err)
  t.match(await client.closed, { code: 1001, reason: 'going away' })
  const frames = client.left()
  t.match(frames.pop(), { type: 'notice', code: 'GOING_AWAY', retryMs: Number })
  const pushed: Record<string, number> = {}
  for (const { key } of frames) pushed[key.replace('.1m', '')] = (pushed[key.replace('.1m', '')] ?? 0) + 1
  const kept = await stored(t, dataDir)
  t.strictSame(kept, Object.fromEntries(SYMBOLS.filter((_, i) => answers[i]?.status === 200).map((symbol) => [symbol, MANY])), 'on the disk is what was answered 200')
  t.strictSame(pushed, kept, 'and all of it was pushed')
  await t.rejects(post(url, minutes('s0', 1)), TypeError, 'nobody listens any more')
})

t.test('a second signal on the heels of the first, as npm passes Ctrl-C on, does not cut the goodbye short', async (t) => {
  const { child, client } = await start(t, t.testdir())
  child.kill('SIGINT')
  child.kill('SIGTERM')
  t.match(await client.next(), { type: 'notice', code: 'GOING_AWAY' })
  t.match(await client.closed, { code: 1001 })
  t.strictSame(await child.ended, { code: 0, signal: null }, child.err)
})

t.test('neither a request that is never whole nor a peer that never answers a close holds up the end', async (t) => {
  const { child, url, client } = await start(t, t.testdir())
  const request = connectNet(Number(new URL(url).port), '127.0.0.1')
  t.teardown(() => { request.destroy() })
  request.write('POST /bars HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n[')
  client.webSocket.pause()
  await fetch(`${url}/health`) // the server has read both by now
  child.kill('SIGTERM')
  t.strictSame(await child.ended, { code: 0, signal: null }, child.err)
})

t.test('after a bug the server says goodbye, says why, and ends with 1', async (t) => {
  const dataDir = t.testdir()
  const child = runSource(t, 'test/fixture/failing-server.ts', { args: [dataDir, '1'] })
  await child.says(/listening/)
  child.kill('SIGCONT')
  t.strictSame(await child.ended, { code: 1, signal: null })
  t.match(child.out, /"message":"a bug".*"msg":"the server goes down after an error"/)
  t.strictSame(await stored(t, dataDir), {}, 'its data directory is free')
})

t.test('a server whose log nobody reads says goodbye all the same, and ends even in a hurry', async (t) => {
  for (const [bugs, goodbye] of [['1', true], ['2', false]] as const) {
    const child = runSource(t, 'test/fixture/failing-server.ts', { args: [t.testdir(), bugs] })
    const [, url] = await child.says(/listening at (http:[^"]+)/)
    const client = await connectTo(t, `${url.replace('http', 'ws')}/ws`)
    const { stdout } = child.process
    stdout?.destroy()
    await once(stdout as Readable, 'close')
    child.kill('SIGCONT')
    t.strictSame(await child.ended, { code: 1, signal: null }, child.err)
    if (goodbye) t.match(await client.closed, { code: 1001 })
  }
})

t.test('a second process on a data directory is refused; after kill -9 of the first a new one starts', async (t) => {
  const dataDir = t.testdir()
  const { child: first, url } = await start(t, dataDir)
  t.match(await post(url, minutes('s0', 1)), { status: 200 })
  const second = runServer(t, dataDir)
  t.strictSame(await second.ended, { code: 1, signal: null })
  t.equal(second.err, `kline-push: The data directory \`${dataDir}\` is in use by another process\n`)
  t.match(await post(url, minutes('s0', 2)), { status: 200 }, 'the first goes on')
  first.kill('SIGKILL')
  await first.ended
  t.strictSame(await stored(t, dataDir), { s0: 2 })
})

t.test('what the server can not start with is named, and it ends with 1', async (t) => {
  const directory = t.testdir({ file: 'not a directory' })
  const file = join(directory, 'file')
  await compile(directory, [])
  const taken = await serve({ host: '127.0.0.1', port: 0, logger: false })
  t.teardown(() => taken.close())
  const { port } = new URL(taken.listeningOrigin)
  const cases: [Record<string, string>, string][] = [
    [{ PORT: '65536' }, 'Expected `PORT` to be an integer from 0 to 65535, got `"65536"` (string)'],
    [{ LOG_LEVEL: 'loud' }, 'Expected `LOG_LEVEL` to be one of fatal error warn info debug trace silent, got `"loud"` (string)'],
    [{ DATA_DIR: '' }, 'Expected `dataDir` to be a path, got `""` (string)'],
    [{ DATA_DIR: file }, file],
    [{ PORT: port }, `address already in use 127.0.0.1:${port}`],
    [{ HOST: '192.0.2.1', PRODUCER_TOKENS: 'x' }, 'address not available 192.0.2.1'],
  ]
  await Promise.all(cases.map(async ([env, evidence]) => {
    const usual = { HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'info', DATA_DIR: join(directory, `data${Object.keys(env)[0]}`) }
    const child = runBuilt(t, join(directory, 'dist/src/server.js'), { env: { ...usual, ...env } })
    t.strictSame(await child.ended, { code: 1, signal: null })
    t.match(child.err, /^kline-push: .*\n$/, 'one line')
    t.ok(child.err.includes(evidence), child.err)
  }))
})

t.test('a peer that upgraded elsewhere and never answers does not hold up the end', async (t) => {
  const app = await serve({ host: '127.0.0.1', port: 0, logger: false })
  const { port } = app.server.address() as { port: number }
  const socket = connectNet(port, '127.0.0.1')
  t.teardown(() => { socket.destroy() })
  socket.write('GET /health HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n')
  await once(socket, 'data')
  const began = performance.now()
  await app.close()
  t.ok(performance.now() - began < 10_000, 'sooner than the server would be ended by force')
})

t.test('a fault of ours behind a route is answered with 500 and is in the log', async (t) => {
  const lines: string[] = []
  const app = await serve({ host: '127.0.0.1', port: 0, logger: { level: 'error', stream: { write (line: string) { lines.push(line) } } } })
  t.teardown(() => app.close())
  app.klineHub.symbols = () => { throw new Error('a bug') }
  const response = await fetch(`${app.listeningOrigin}/symbols`)
  t.equal(response.status, 500)
  t.match(lines.map((line) => JSON.parse(line)), [{ level: 50, msg: 'a request failed', err: { message: 'a bug' } }])
  t.equal((await fetch(`${app.listeningOrigin}/klines`)).status, 400)
  t.equal(lines.length, 1, 'what a client did wrong is not')
})

t.test('a server that warms up has run the code in when it listens, and nothing of that is left', async (t) => {
  const directory = t.testdir({ temporary: {} })
  const temporary = join(directory, 'temporary')
  const server = runSource(t, 'test/fixture/tracing-server.ts', { args: [join(directory, 'data')], env: { WARM_UP: 'on', TMPDIR: temporary } })
  const { index, input } = await server.says(/Server listening at (http[^"]+)/)
  const compiled = input.slice(0, index).match(/completed (?:optimizing|compiling).*/g)?.join('\n') ?? ''
  for (const name of ['addExact', 'eachBar', 'bucketText']) t.ok(compiled.includes(name), name)
  t.strictSame(readdirSync(temporary).filter((name) => name.startsWith('kline-push')), [])
  const [, url] = /Server listening at (http[^"]+)/.exec(server.out) as RegExpExecArray
  t.match(await (await fetch(`${url}/health`)).json(), { status: 'ok', symbols: 0, connections: 0, keys: 0 })
})

t.test('a server without a data directory warms up without one', async (t) => {
  const app = await serve({ host: '127.0.0.1', port: 0, logger: false, warmUp: true })
  t.teardown(() => app.close())
  t.match(app.klineHub.health(), { status: 'ok', symbols: 0 })
})

t.test('where it can not warm up, the server says so and serves all the same', async (t) => {
  const lines: string[] = []
  const { TMPDIR = '/tmp' } = process.env
  t.teardown(() => { process.env.TMPDIR = TMPDIR })
  process.env.TMPDIR = join(t.testdir(), 'nowhere')
  const app = await serve({ host: '127.0.0.1', port: 0, dataDir: t.testdir(), logger: { level: 'warn', stream: { write (line: string) { lines.push(line) } } }, warmUp: true })
  t.teardown(() => app.close())
  t.match(lines.map((line) => JSON.parse(line)), [{ level: 40, err: { code: 'ENOENT' }, msg: /^could not warm up/ }])
  t.match(await (await fetch(`${app.listeningOrigin}/health`)).json(), { status: 'ok' })
})

t.test('a server that is told to go while it warms up goes, and leaves nothing', async (t) => {
  const directory = t.testdir({ temporary: {} })
  const temporary = join(directory, 'temporary')
  const left = (): string[] => readdirSync(temporary).filter((name) => name.startsWith('kline-push'))
  const server = runSource(t, 'src/server.ts', { env: { HOST: '127.0.0.1', PORT: '0', DATA_DIR: join(directory, 'data'), WARM_UP: 'on', TMPDIR: temporary } })
  while (left().length === 0 && server.process.exitCode === null) await new Promise((resolve) => { setTimeout(resolve, 5) })
  server.kill('SIGTERM')
  t.strictSame(await server.ended, { code: 0, signal: null }, server.err)
  t.strictSame(left(), [])
})

t.test('a request that never ends is given up: its head after a minute, its body after two', async (t) => {
  const app = await serve({ host: '127.0.0.1', port: 0, logger: false })
  t.teardown(() => app.close())
  t.match(app.server, { headersTimeout: 60_000, requestTimeout: 120_000 })
})
