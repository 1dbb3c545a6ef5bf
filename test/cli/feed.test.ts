import t from 'tap'
import { fillHistory, Market, nextMinute, runFeed } from '../../src/cli/feed.ts'
import type { MinuteBar } from '../../src/market/bar.ts'
import { MINUTE } from '../../src/market/period.ts'
import { parseMinutes } from '../../src/wire/minutes.ts'

const START = Date.UTC(2026, 0, 5, 1)

t.test('a market makes minutes that the server takes, one of each contract', async (t) => {
  const market = new Market(25)
  t.equal(new Set(market.symbols).size, 25)
  for (let i = 0; i < 500; i++) {
    const minutes = market.minute(START + i * MINUTE)
    t.strictSame(parseMinutes(minutes), minutes)
  }
})

t.test('each minute opens where the one before closed', async (t) => {
  const market = new Market(10)
  const first = market.minute(START)
  const second = market.minute(START + MINUTE)
  t.strictSame(second.map(({ open }) => open), first.map(({ close }) => close))
})

t.test('prices have no more decimals than their contract', async (t) => {
  const market = new Market(10)
  for (let i = 0; i < 100; i++) {
    const au = market.minute(START).find(({ symbol }) => symbol === 'au2601')
    t.match(String(au?.close), /^\d+(\.\d{1,2})?$/)
  }
})

t.test('a price that falls stays above zero', async (t) => {
  const market = new Market(1, { known: [{ symbol: 'rb2601', firstTime: 0, lastTime: 0, lastClose: 2 }], random: () => 0 })
  const [{ low, close }] = market.minute(START)
  t.equal(low, 1)
  t.equal(close, 1)
})

t.test('a known contract goes on from its last price and minute', async (t) => {
  const known = [{ symbol: 'rb2601', firstTime: START, lastTime: START + 10 * MINUTE, lastClose: 4321 }]
  t.equal(new Market(1, { known }).minute(START)[0].open, 4321)
  t.equal(nextMinute(known, START), START + 11 * MINUTE)
  t.equal(nextMinute(known, START + 60 * MINUTE + 5), START + 60 * MINUTE)
})

t.test('a feed brings consecutive minutes at its pace until it is stopped', async (t) => {
  const controller = new AbortController()
  const times: number[] = []
  const dues: number[] = []
  const minutes = await runFeed({
    market: new Market(1),
    pace: 50,
    start: START,
    signal: controller.signal,
    ingest: async ([{ time }]: MinuteBar[]) => { times.push(time) },
    pause: async (due) => { if (dues.push(due) === 6) controller.abort() },
  })
  t.equal(minutes, 6)
  t.strictSame(times, Array.from({ length: 6 }, (_, i) => START + i * MINUTE))
  t.strictSame(dues.map((due) => Math.round(due - dues[0])), [0, 20, 40, 60, 80, 100], 'fifty per second, however long each one took')
})

t.test('a feed ends with the error of what it feeds', async (t) => {
  const ingest = async () => { throw new Error('full') }
  await t.rejects(runFeed({ market: new Market(1), pace: 1, start: START, ingest, signal: new AbortController().signal }), { message: 'full' })
})

t.test('a history is minute after minute up to its end, in pieces that a server takes', async (t) => {
  const pieces: MinuteBar[][] = []
  const market = new Market(3000)
  await fillHistory({ market, minutes: 7, end: START, importMinutes: async (minutes) => { pieces.push(minutes) } })
  t.strictSame(pieces.map(({ length }) => length), [9000, 9000, 3000])
  t.strictSame([...new Set(pieces.flat().map(({ time }) => time))], Array.from({ length: 7 }, (_, i) => START - (7 - i) * MINUTE))
  t.strictSame(parseMinutes(pieces[0]), pieces[0])
})
