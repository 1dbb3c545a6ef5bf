import t, { type Test } from 'tap'
import { join } from 'node:path'
import { systemClock } from '../../src/clock.ts'
import { importFile, type ImportOptions } from '../../src/cli/import.ts'
import { serve } from '../../src/serve.ts'
import { connect } from '../fixture/client.ts'
import { Collect } from '../fixture/collect.ts'

const TIME = Date.UTC(2025, 0, 1)

function bar (index: number, symbol = 'rb2601') {
  return { symbol, time: TIME + index * 60_000, open: 1, high: 3, low: 1, close: 2, volume: 0.1 }
}

async function start (t: Test, name: string, text: string) {
  const directory = t.testdir({ [name]: text })
  const app = await serve({ host: '127.0.0.1', port: 0, dataDir: join(directory, 'data'), logger: false })
  t.teardown(async () => { await app.close() })
  const out = new Collect()
  const err = new Collect()
  const sizes: number[] = []
  const countingFetch: typeof fetch = async (url, init) => {
    sizes.push(JSON.parse(String(init?.body)).length)
    return await fetch(url, init)
  }
  const options: ImportOptions = { file: join(directory, name), to: app.listeningOrigin, out, err, fetch: countingFetch, signal: new AbortController().signal }
  return { app, options, out, err, sizes }
}

t.test('a CSV file fills the store in large batches, and subscribers are told once to read again', async (t) => {
  const lines = Array.from({ length: 12_000 }, (_, i) => Object.values(bar(i)).join())
  // The second in which an import has to pause is over when the test says so, however slow the machine.
  const { after } = systemClock
  let pause = (): void => {}
  t.intercept(systemClock, 'after', {
    value (ms: number, run: () => void) {
      if (ms !== 1000) return after(ms, run)
      pause = run
      return () => { pause = () => {} }
    },
  })
  const { app, options, out, sizes } = await start(t, 'bars.csv', `symbol,time,open,high,low,close,volume\n${lines.join('\n')}\n`)
  const client = await connect(t, app)
  client.send({ op: 'subscribe', args: ['rb2601.1d'] })
  await client.take(2)
  t.strictSame(await importFile(options), { accepted: 12_000, duplicates: 0, revised: 0, bad: 0 })
  t.strictSame(sizes, [5000, 5000, 2000])
  t.strictSame(await client.rest(), [])
  pause()
  t.match(await client.next(), { type: 'reset', key: 'rb2601.1d', seq: 12 })
  const { bars } = app.klineHub.klines({ symbol: 'rb2601', period: '1d' })
  t.strictSame(bars.map(({ volume, closed }) => [volume, closed]), [...Array(8).fill([144, true]), [48, false]])
  t.equal(out.text, '12000 accepted, 0 duplicates, 0 revised\n')
})

t.test('an NDJSON file may have the optional fields; a bad line is named and left out', async (t) => {
  const good = { ...bar(0), turnover: 5, trades: 2, openInterest: 7 }
  const lines = [JSON.stringify(good), '', '{"symbol":', JSON.stringify({ ...bar(1), close: '2' }), JSON.stringify(bar(2)), `"${'x'.repeat(70_000)}"`]
  const { app, options, out, err } = await start(t, 'bars.ndjson', `\uFEFF${lines.join('\r\n')}`)
  t.match(await importFile(options), { accepted: 2, bad: 3 })
  t.match(app.klineHub.klines({ symbol: 'rb2601', period: '1m' }).bars, [{ turnover: 5, trades: 2, openInterest: 7 }, { time: TIME + 120_000 }])
  t.strictSame(err.text.match(/^line \d+/gm), ['line 3', 'line 4', 'line 6'])
  t.match(err.text, /line 4: Expected `close` to be a finite number, got `"2"` \(string\)/)
  t.match(err.text, /line 6: Expected a line of at most 65536 bytes/)
  t.match(out.text, /2 accepted, .*, 3 bad\n/)
})

t.test('a server that fails while the next batch is read is an error, not a loss in silence', async (t) => {
  const lines = Array.from({ length: 11_000 }, (_, i) => JSON.stringify(bar(i)))
  const { options, out } = await start(t, 'bars.jsonl', lines.join('\n'))
  let requests = 0
  const failing: typeof fetch = async (url, init) => ++requests === 2 ? new Response('broken', { status: 500 }) : await fetch(url, init)
  await t.rejects(importFile({ ...options, fetch: failing }), /answered 500: broken/)
  t.equal(requests, 2)
  t.match(out.text, /^5000 accepted/)
})
