import t, { type Test } from 'tap'
import { readFileSync } from 'node:fs'
import { basename, delimiter, join } from 'node:path'
import { replay } from '../src/cli/replay.ts'
import type { Bar } from '../src/index.ts'
import { serve } from '../src/serve.ts'
import { connect, type Message } from './fixture/client.ts'
import { Collect } from './fixture/collect.ts'

// REPLAY_CSV, a list of files as PATH is one of directories, has the same done with larger files.
const FILES = (process.env.REPLAY_CSV ?? '').split(delimiter).filter((path) => path !== '')
const MINUTES = { '5m': 5, '1h': 60, '1d': 1440 }
const LIMIT = 1000

t.setTimeout(300_000)

interface Minute { symbol: string, time: number, open: number, high: number, low: number, close: number, volume: string }

/** Four days of two contracts: one in two sessions a day with empty minutes, one round the clock that seldom trades. */
function sample (): string {
  let state = 42
  const random = () => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31
  const lines = ['symbol,time,open,high,low,close,volume']
  const trade = (symbol: string, time: number) => {
    const [low, open, close, high] = Array.from({ length: 4 }, () => Math.round(random() * 10_000) / 100).sort((a, b) => a - b)
    lines.push(random() < 0.5 ? `${symbol},${time},${open},${high},${low},${close},${Math.floor(random() * 100)}.1` : `${symbol},${time},${close},${high},${low},${open},0.0000000${Math.floor(random() * 9)}`)
  }
  for (let minute = 0; minute < 4 * 1440; minute++) {
    const time = Date.UTC(2026, 0, 30) + minute * 60_000
    const [day, hour] = [Math.floor(minute / 1440), Math.floor(minute % 1440 / 60)]
    if (day !== 1 && (hour === 9 || hour === 13) && random() < 0.8) trade('rb2601', time)
    if (random() < 0.05) trade('SHFE.au', time)
  }
  return `${lines.join('\n')}\n`
}

/** What the bars of a contract have to be, from the file alone: sort, group, reduce. */
function barsOf (csv: string, symbol: string, length: number): Bar[] {
  const minutes = csv.trim().split(/\r?\n/).slice(1)
    .map((line) => line.split(','))
    .map(([symbol, time, open, high, low, close, volume]): Minute => ({ symbol, time: +time, open: +open, high: +high, low: +low, close: +close, volume }))
    .filter((minute) => minute.symbol === symbol)
    .sort((a, b) => a.time - b.time)
  const end = Math.max(...minutes.map(({ time }) => time)) + 60_000
  const groups = minutes.reduce((groups, minute) => {
    const time = Math.floor(minute.time / 60_000 / length) * length * 60_000
    return groups.set(time, [...groups.get(time) ?? [], minute])
  }, new Map<number, Minute[]>())
  return [...groups].map(([time, group]) => ({
    time,
    open: group[0].open,
    high: Math.max(...group.map(({ high }) => high)),
    low: Math.min(...group.map(({ low }) => low)),
    close: group[group.length - 1].close,
    volume: Number(`${group.reduce((sum, { volume }) => sum + units(volume), 0n)}e-20`),
    closed: time + length * 60_000 <= end,
    revision: 0,
  }))
}

/** `12.5` in units of 1e-20. */
function units (text: string): bigint {
  const [whole, fraction = ''] = text.split('.')
  return BigInt(whole + fraction.padEnd(20, '0'))
}

/** All bars of a key, page by page as a client of REST gets them. */
async function readBars (origin: string, symbol: string, period: string): Promise<Bar[]> {
  const bars: Bar[] = []
  for (let start = 0; ;) {
    const response = await fetch(`${origin}/klines?${new URLSearchParams({ symbol, period, start: String(start), limit: String(LIMIT) })}`)
    const page = (await response.json() as { bars: Bar[] }).bars
    bars.push(...page)
    if (page.length < LIMIT) return bars
    start = page[page.length - 1].time + 1
  }
}

async function proveFile (t: Test, { file, dataDir }: { file: string, dataDir: string }): Promise<void> {
  const csv = readFileSync(file, 'utf8')
  const rows = csv.trim().split('\n').length - 1
  const symbols = [...new Set(csv.trim().split('\n').slice(1).map((line) => line.split(',')[0]))]
  const keys = symbols.flatMap((symbol) => Object.entries(MINUTES).map(([period, length]) => ({ key: `${symbol}.${period}`, symbol, period, length })))
  const settings = { host: '127.0.0.1', port: 0, dataDir, logger: false }

  const app = await serve(settings)
  t.teardown(() => app.close())
  const client = await connect(t, app)
  client.send({ op: 'subscribe', args: keys.map(({ key }) => key) })
  await client.take(1 + keys.length)
  const frames: Message[] = []
  client.webSocket.on('message', (data: Buffer) => { frames.push(JSON.parse(data.toString())) })
  const totals = await replay({ file, speed: 0, to: app.listeningOrigin, out: new Collect(), err: new Collect(), fetch, signal: new AbortController().signal })
  t.strictSame(totals, { accepted: rows, duplicates: 0, revised: 0, bad: 0 })
  await client.rest()
  client.webSocket.terminate()

  let compared = 0
  for (const { key, symbol, period, length } of keys) {
    const expected = barsOf(csv, symbol, length)
    const closed = expected.filter((bar) => bar.closed)
    const received = frames.filter((frame) => frame.key === key && frame.bar.closed)
    t.strictSame(await readBars(app.listeningOrigin, symbol, period), expected, `${key} over REST`)
    t.strictSame(received.map(({ bar }) => bar), closed, `${key} as a subscriber saw its bars close`)
    t.strictSame(received.map(({ seq }) => seq), closed.map((_, i) => i + 1), `${key} in sequence`)
    compared += expected.length + received.length
  }
  await app.close()
  const again = await serve(settings)
  t.teardown(() => again.close())
  for (const { key, symbol, period, length } of keys) t.strictSame(await readBars(again.listeningOrigin, symbol, period), barsOf(csv, symbol, length), `${key} after a restart`)
  t.comment(`${rows} minutes, ${compared} bars compared`)
}

t.test('what a replayed file becomes, for REST and for a subscriber, is what the file says', async (t) => {
  const directory = t.testdir({ 'sample.csv': sample() })
  await proveFile(t, { file: join(directory, 'sample.csv'), dataDir: join(directory, 'data') })
})

for (const file of FILES) t.test(`${basename(file)} becomes what it says`, async (t) => { await proveFile(t, { file, dataDir: t.testdir() }) })
