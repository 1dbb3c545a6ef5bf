import t from 'tap'
import { existsSync, readdirSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { demo, type DemoOptions } from '../../src/cli/demo.ts'
import { serve } from '../../src/serve.ts'
import { Collect } from '../fixture/collect.ts'

/** A demo of two contracts, its streams, and what stops it. */
function prepare (given: Partial<DemoOptions> = {}) {
  const controller = new AbortController()
  const out = new Collect()
  const err = new Collect()
  const options: DemoOptions = { host: '127.0.0.1', port: 0, contracts: 2, pace: 100, out, err, signal: controller.signal, ...given }
  return { controller, out, err, options }
}

t.test('a demo prints its address and the bars that it pushes, and ends cleanly', async (t) => {
  const { controller, out, err, options } = prepare({ dataDir: t.testdir() })
  const running = demo(options)
  await out.until(/hc2601\.5m .* closed[^]*open http/)
  controller.abort()
  await running
  t.match(out.text, /^open http:\/\/127\.0\.0\.1:\d+\/ for charts/, 'what a new user sees first')
  t.match(out.text, /listens on http:\/\/127\.0\.0\.1:\d+/)
  t.match(out.text, /Z {2}rb2601\.1m .* closed\n/)
  t.match(out.text, /Z {2}hc2601\.5m .* closed\n/)
  t.match(out.text, /\d+ simulated minutes\n/)
  t.equal(err.text, '')
})

t.test('a demo has a page, and bars from before for its charts', async (t) => {
  const { controller, out, options } = prepare()
  const running = demo(options)
  await out.until(/hc2601\.1m .* closed/)
  const [, origin] = /open (\S+)\/ /.exec(out.text) ?? []
  t.match(await (await fetch(`${origin}/`)).text(), '<title>K-lines</title>')
  const { bars } = await (await fetch(`${origin}/klines?symbol=rb2601&period=1m&limit=500`)).json() as { bars: { time: number }[] }
  t.strictSame(bars.map(({ time }) => time - bars[0].time), Array.from({ length: 500 }, (_, i) => i * 60_000))
  t.equal((await fetch(`${origin}/metrics`)).status, 200)
  controller.abort()
  await running
})

t.test('a demo on a directory goes on where the last one ended', async (t) => {
  const dataDir = t.testdir()
  const times = new Set<number>()
  for (let i = 0; i < 2; i++) {
    const { controller, out, options } = prepare({ dataDir })
    const running = demo(options)
    await out.until(/(rb2601\.1m .* closed\n[^]*){2}/)
    controller.abort()
    await running
    for (const [, time] of out.text.matchAll(/^(.*Z) {2}rb2601\.1m .* closed$/gm)) times.add(Date.parse(time) / 60_000)
  }
  const [first] = times
  t.strictSame([...times], Array.from(times, (_, i) => first + i), 'minute after minute, without a gap')
})

t.test('without a directory it makes one of its own, which goes when it ends', async (t) => {
  const { controller, out, options } = prepare()
  const running = demo(options)
  await out.until(/data in \S+\n/)
  const [, directory] = /data in (\S+)\n/.exec(out.text) ?? []
  t.ok(existsSync(directory))
  controller.abort()
  await running
  t.notOk(existsSync(directory))
})

t.test('a port in use is an error, and no directory is left', async (t) => {
  const taken = createServer()
  await new Promise<void>((resolve) => { taken.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => { taken.close() })
  const temporary = t.testdir()
  const { TMPDIR } = process.env
  t.teardown(() => {
    if (TMPDIR === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = TMPDIR
  })
  process.env.TMPDIR = temporary
  const { options } = prepare({ port: (taken.address() as AddressInfo).port })
  await t.rejects(demo(options), { code: 'EADDRINUSE' })
  t.strictSame(readdirSync(temporary), [])
})

t.test('a subscriber that the server refuses ends the demo with its words', async (t) => {
  const { options } = prepare({ contracts: 5001 })
  await t.rejects(demo(options), { message: /refused the subscription: TOO_MANY_KEYS/ })
})

t.test('a market that can not go on ends the demo with the reason', async (t) => {
  const dataDir = t.testdir()
  const app = await serve({ host: '127.0.0.1', port: 0, dataDir, logger: false })
  await app.klineHub.ingest({ symbol: 'rb2601', time: 8.64e15, open: 1, high: 3, low: 1, close: 2, volume: 5 })
  await app.close()
  const { options } = prepare({ dataDir })
  await t.rejects(demo(options), { code: 'KLP_ERR_BAR', message: /`time`.*`8640000000060000`/ })
})
