import t, { type Test } from 'tap'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { serve } from '../../src/serve.ts'
import { type Child, type ChildOptions, runBuilt, runSource } from '../fixture/child.ts'
import { compile } from '../fixture/compile.ts'

t.setTimeout(120_000)

const HEADER = 'symbol,time,open,high,low,close,volume'
const ROW = 'rb2601,60000,1,3,1,2,5'

const built = t.testdir()
t.before(async () => { await compile(built, []) })

/** The command from its source, so that its coverage counts. */
function run (t: Test, args: string[], options: ChildOptions = {}): Child {
  return runSource(t, 'src/cli.ts', { args, ...options })
}

/** The same in a quarter of the time. */
function runFast (t: Test, args: string[], options: ChildOptions = {}): Child {
  return runBuilt(t, join(built, 'dist/src/cli.js'), { args, ...options })
}

function bar (place: number) {
  return { symbol: 'rb2601', time: place * 60_000, open: 1, high: 3, low: 1, close: 2, volume: 5 }
}

async function start (t: Test) {
  const app = await serve({ host: '127.0.0.1', port: 0, logger: false })
  t.teardown(() => app.close())
  return app
}

t.test('serve takes its settings from flags before the environment, keeps bars in ./data, and ends with 0', async (t) => {
  const cwd = t.testdir()
  const child = run(t, ['serve', '--port', '0', '--log-level', 'info'], { cwd, env: { HOST: '127.0.0.1', PORT: 'none', LOG_LEVEL: 'silent' } })
  const [, url] = await child.says(/listening at (http:\/\/127\.0\.0\.1:\d+)/)
  t.match(await (await fetch(`${url}/health`)).json(), { status: 'ok' })
  child.kill('SIGINT')
  t.strictSame(await child.ended, { code: 0, signal: null }, child.err)
  t.ok(existsSync(join(cwd, 'data')))
})

t.test('serve with a setting that it can not have ends with 1 and names it', async (t) => {
  const child = runFast(t, ['serve', '--port', '70000'], { cwd: t.testdir() })
  t.strictSame(await child.ended, { code: 1, signal: null })
  t.equal(child.err, 'kline-push: Expected `PORT` to be an integer from 0 to 65535, got `"70000"` (string)\n')
})

t.test('demo shows bars until it is stopped, takes its directory with it, and ends with 0', async (t) => {
  const child = run(t, ['demo', '--port', '0', '--contracts', '2', '--pace', '50'])
  await child.says(/hc2601\.5m .* closed\n/)
  const [, directory] = await child.says(/data in (\S+)\n/)
  t.ok(existsSync(directory))
  child.kill('SIGTERM')
  t.strictSame(await child.ended, { code: 0, signal: null }, child.err)
  t.match(child.out, /\n\d+ simulated minutes\n$/)
  t.notOk(existsSync(directory))
})

t.test('an option that is out of its range, a command that does not exist and a missing argument are named', async (t) => {
  const cases: [string[], RegExp][] = [
    [['demo', '--contracts', '0'], /'--contracts <number>' argument '0' is invalid. Expected an integer from 1 to 5000./],
    [['replay', 'bars.csv', '--speed', '-1'], /'--speed <number>' argument '-1' is invalid. Expected a number from 0 to 1000000./],
    [['sell'], /unknown command 'sell'/],
    [['watch'], /missing required argument 'key'/],
    [['replay', join(t.testdir(), 'none.csv')], /^kline-push: .*no such file.*none\.csv/],
  ]
  await Promise.all(cases.map(async ([args, message]) => {
    const child = runFast(t, args)
    t.strictSame(await child.ended, { code: 1, signal: null })
    t.match(child.err, message)
  }))
})

t.test('replay sends a file and ends with 0, and with 1 when a row was bad', async (t) => {
  const { listeningOrigin, klineHub } = await start(t)
  const directory = t.testdir({ 'good.csv': `${HEADER}\n${ROW}\n`, 'bad.csv': `${HEADER}\n${ROW}\n${ROW},1\n` })
  const good = run(t, ['replay', join(directory, 'good.csv'), '--to', listeningOrigin])
  t.strictSame(await good.ended, { code: 0, signal: null }, good.err)
  t.equal(good.out, '1 accepted, 0 duplicates, 0 revised\n')
  t.match(klineHub.klines({ symbol: 'rb2601', period: '1m' }).bars, [{ time: 60_000, close: 2 }])
  const bad = runFast(t, ['replay', join(directory, 'bad.csv'), '--to', listeningOrigin])
  t.strictSame(await bad.ended, { code: 1, signal: null })
  t.equal(bad.out, '0 accepted, 1 duplicates, 0 revised, 1 bad\n')
  t.equal(bad.err, 'line 3: Expected 7 fields, got 8\n')
})

t.test('import fills the store with a file and ends with 0, and with 1 when a line was bad', async (t) => {
  const { listeningOrigin, klineHub } = await start(t)
  const directory = t.testdir({ 'good.csv': `${HEADER}\n${ROW}\n`, 'bad.ndjson': `${JSON.stringify(bar(2))}\nhello\n` })
  const good = runFast(t, ['import', join(directory, 'good.csv'), '--to', listeningOrigin])
  t.strictSame(await good.ended, { code: 0, signal: null }, good.err)
  t.equal(good.out, '1 accepted, 0 duplicates, 0 revised\n')
  const bad = run(t, ['import', join(directory, 'bad.ndjson'), '--to', listeningOrigin])
  t.strictSame(await bad.ended, { code: 1, signal: null })
  t.equal(bad.out, '1 accepted, 0 duplicates, 0 revised, 1 bad\n')
  t.match(bad.err, /^line 2: /)
  t.match(klineHub.klines({ symbol: 'rb2601', period: '1m' }).bars, [{ time: 60_000 }, { time: 120_000 }])
})

t.test('a replay that is interrupted says how far it came, and ends with 130', async (t) => {
  const { listeningOrigin, klineHub } = await start(t)
  const child = run(t, ['replay', join(t.testdir({ 'bars.csv': `${HEADER}\n${ROW}\n${ROW.replace('60000', '6000000')}\n` }), 'bars.csv'), '--to', listeningOrigin, '--speed', '0.01'])
  await new Promise<void>((resolve) => { klineHub.subscribe('rb2601.1m', () => { resolve() }) })
  child.kill('SIGINT')
  t.strictSame(await child.ended, { code: 130, signal: null }, child.err)
  t.match(child.out, /^[01] accepted, 0 duplicates, 0 revised\n$/)
})

t.test('watch prints bars as they come, and ends with 0 when it is stopped', async (t) => {
  const { listeningOrigin, klineHub } = await start(t)
  await klineHub.ingest(bar(0))
  const child = run(t, ['watch', 'rb2601.1m', '--url', `${listeningOrigin.replace('http', 'ws')}/ws`])
  await child.says(/00:00Z {2}rb2601\.1m .* closed\n/)
  await klineHub.ingest(bar(1))
  await child.says(/00:01Z {2}rb2601\.1m .* closed\n/)
  child.kill('SIGTERM')
  t.strictSame(await child.ended, { code: 0, signal: null }, child.err)
})

t.test('watch ends with 0 when nobody reads what it prints any more', async (t) => {
  const { listeningOrigin, klineHub } = await start(t)
  await klineHub.ingest(bar(0))
  const child = run(t, ['watch', 'rb2601.1m', '--url', `${listeningOrigin.replace('http', 'ws')}/ws`])
  await child.says(/00:00Z {2}rb2601\.1m .* closed\n/)
  const { stdout } = child.process
  stdout?.destroy()
  await once(stdout as Readable, 'close')
  await klineHub.ingest(bar(1))
  t.strictSame(await child.ended, { code: 0, signal: null }, child.err)
})

t.test('watch ends with 1 when nothing can be watched', async (t) => {
  const { listeningOrigin } = await start(t)
  const child = runFast(t, ['watch', 'rb2601.7m', '--url', `${listeningOrigin.replace('http', 'ws')}/ws`])
  t.strictSame(await child.ended, { code: 1, signal: null })
  t.match(child.err, /^rb2601\.7m: Expected the period .*\nkline-push: None of the keys can be watched\n$/)
})

t.test('who asks again a while later gets their way at once', async (t) => {
  const child = runSource(t, 'test/fixture/stubborn.ts')
  await child.says(/up/)
  const timer = setInterval(() => { child.kill('SIGINT') }, 100)
  t.teardown(() => { clearInterval(timer) })
  t.strictSame(await child.ended, { code: 130, signal: null })
  t.equal(child.out, 'up\nasked\n')
})
