import assert from 'node:assert/strict'
import { test } from 'node:test'
import { slope } from '../figures.mjs'
import { barHead, FrameReader, isBar, minutesIn } from './frames.mjs'
import { Ledger } from './ledger.mjs'
import { foldMinutes, Market, POSTS } from './market.mjs'
import { difference, Series } from './series.mjs'
import { Tally, delayQuantile } from './tally.mjs'

// That a soak which reports nothing has looked: what it checks with, checked.

function ledgerAt (seq) {
  const faults = []
  const ledger = new Ledger(['S1.1m'], (kind, text, count) => { faults.push(`${kind} ${count}`) })
  ledger.acked({ key: 'S1.1m', epoch: 'a', seq })
  ledger.snapshot({ key: 'S1.1m', epoch: 'a', seq })
  return { ledger, faults }
}

test('a ledger is silent about events without a gap, and about coming back to all that was missed', () => {
  const { ledger, faults } = ledgerAt(7)
  ledger.event('S1.1m', 8)
  ledger.heartbeat({ keys: 1, seqTotal: 8 })
  ledger.heartbeat({})
  ledger.rest()
  assert.deepEqual(ledger.since(['S1.1m']), { 'S1.1m': { epoch: 'a', seq: 8 } })
  ledger.acked({ key: 'S1.1m', epoch: 'a', seq: 10, recovered: true, replayed: 2 })
  ledger.event('S1.1m', 9)
  ledger.event('S1.1m', 10)
  assert.deepEqual(faults, [])
})

const breaches = {
  'lost 2': (ledger) => { ledger.event('S1.1m', 10) },
  'doubled 1': (ledger) => { ledger.event('S1.1m', 7) },
  'heartbeat 1': (ledger) => { ledger.heartbeat({ keys: 1, seqTotal: 8 }) },
  'stray 1': (ledger) => {
    ledger.rest(['S1.1m'])
    ledger.event('S1.1m', 8)
  },
  'unrecovered 1': (ledger) => { ledger.acked({ key: 'S1.1m', epoch: 'a', seq: 7, recovered: false }) },
  'lost 1': (ledger) => { ledger.acked({ key: 'S1.1m', epoch: 'a', seq: 9, recovered: true, replayed: 1 }) },
  'epoch 1': (ledger) => { ledger.acked({ key: 'S1.1m', epoch: 'b', seq: 7, recovered: true, replayed: 0 }) },
  'lost 3': (ledger) => { ledger.snapshot({ key: 'S1.1m', epoch: 'a', seq: 10 }) },
}
for (const [fault, breach] of Object.entries(breaches)) {
  test(`a ledger finds: ${fault}`, () => {
    const { ledger, faults } = ledgerAt(7)
    breach(ledger)
    assert.deepEqual(faults, [fault])
  })
}

test('a server that has gone back has lost what it told', () => {
  const { ledger, faults } = ledgerAt(7)
  ledger.acked({ key: 'S1.1m', epoch: 'a', seq: 5, recovered: false })
  assert.deepEqual(faults, ['lost 2', 'unrecovered 1'])
})

const FRAMES = [
  { text: '{"type":"bar","key":"S12.1m","seq":1045,"ts":1767596400123,"bar":{"time":0,"trades":3,"closed":true}}', head: { key: 'S12.1m', seq: 1045, ts: 1767596400123, minutes: 3 } },
  { text: '{"type":"bar","key":"S1.1h","ts":5,"bar":{"time":0,"trades":17,"closed":false}}', head: { key: 'S1.1h', seq: 0, ts: 5, minutes: 17 } },
  { text: `{"type":"snapshot","bars":"${'x'.repeat(300)}"}` },
  { text: '' },
]
const LONG_FRAME = { text: `{"type":"snapshot","bars":"${'x'.repeat(70_000)}"}` }

function frameOf ({ text: { length }, text }) {
  const head = length < 126 ? [0x81, length] : length < 65_536 ? [0x81, 126, length >> 8, length & 255] : [0x81, 127, 0, 0, 0, 0, 0, length >> 16, length >> 8 & 255, length & 255]
  return Buffer.concat([Buffer.from(head), Buffer.from(text)])
}

function readInChunks (frames, size) {
  const all = Buffer.concat(frames.map(frameOf))
  const seen = []
  const reader = new FrameReader()
  for (let i = 0; i < all.length; i += size) {
    const chunk = Buffer.from(all.subarray(i, i + size))
    reader.read(chunk, chunk.length, (opcode, bytes, from, to) => {
      seen.push(isBar(bytes, from) ? { ...barHead(bytes, from), minutes: minutesIn(bytes, from) } : bytes.latin1Slice(from, to))
    })
  }
  return seen
}

test('frames are read wherever they are cut', () => {
  const frames = [FRAMES[0], LONG_FRAME, ...FRAMES]
  for (const size of [1, 2, 3, 100, 1e6]) assert.deepEqual(readInChunks(FRAMES, size), FRAMES.map(({ text, head }) => head ?? text))
  for (const size of [1001, 65_537, 1e6]) assert.deepEqual(readInChunks(frames, size), frames.map(({ text, head }) => head ?? text))
})

test('what a contract has to have is what the POSTs say, taken one by one', () => {
  const market = new Market(0)
  const range = { from: 3, to: 25 }
  const steps = 400
  const held = new Map()
  const events = new Map()
  const counts = { accepted: 0, duplicates: 0, revised: 0 }
  for (let post = 0; post < steps * POSTS; post++) {
    const { body = [], expected } = market.post(post, range) ?? {}
    if (expected === undefined) continue
    const seen = { accepted: 0, duplicates: 0, revised: 0 }
    for (const bar of body) {
      const key = `${bar.symbol} ${bar.time}`
      const before = held.get(key)
      const as = before === undefined ? 'accepted' : before === JSON.stringify(bar) ? 'duplicates' : 'revised'
      held.set(key, JSON.stringify(bar))
      if (as !== 'duplicates') events.set(bar.symbol, (events.get(bar.symbol) ?? 0) + 1)
      seen[as]++
      counts[as]++
    }
    assert.deepEqual(seen, expected)
  }
  assert.ok(counts.accepted > 8000 && counts.revised > 50 && counts.duplicates > 50, JSON.stringify(counts))
  for (let contract = range.from; contract < range.to; contract++) {
    const minutes = market.minutes(contract, { first: 0, steps })
    assert.equal(market.events(contract, steps), events.get(`S${contract}`))
    for (const bar of minutes) assert.equal(held.get(`${bar.symbol} ${bar.time}`), JSON.stringify(bar))
    assert.equal(minutes.length, [...held.keys()].filter((key) => key.startsWith(`S${contract} `)).length)
  }
})

test('minutes make bars', () => {
  const minute = (time, open, close) => ({ time: time * 60_000, open, high: Math.max(open, close), low: Math.min(open, close), close, volume: 2, trades: 1 })
  assert.deepEqual(foldMinutes([minute(4, 1, 2), minute(5, 3, 1), minute(9, 5, 4)], 5), [
    { time: 0, open: 1, high: 2, low: 1, close: 2, volume: 2, trades: 1 },
    { time: 300_000, open: 3, high: 5, low: 1, close: 4, volume: 4, trades: 2 },
  ])
})

test('a series of bars that misses one, or has another one, differs', () => {
  const bar = (time, close = 1) => ({ time, open: 1, high: 2, low: 0, close, volume: 3, trades: 1, closed: true, revision: 0 })
  const series = new Series()
  series.snapshot({ key: 'S1.1m', bars: [bar(0), { ...bar(60_000), closed: false }] })
  series.put('S1.1m', bar(120_000))
  series.put('S1.1m', bar(60_000))
  assert.equal(difference(series.of('S1.1m'), [bar(0), bar(60_000), bar(120_000)]), undefined)
  assert.match(difference(series.of('S1.1m'), [bar(0), bar(120_000)]), /"time":60000.* is .*"time":120000/)
  assert.match(difference(series.of('S1.1m'), [bar(0), bar(60_000), bar(120_000), bar(180_000)]), /^no bar is/)
  assert.match(difference(series.of('S1.1m'), [bar(0), bar(60_000, 2), bar(120_000)]), /"close":1.*"close":2/)
})

test('a tally counts faults, tells a few, and knows how long bars took', () => {
  const told = []
  const tally = new Tally((text) => { told.push(text) })
  for (let i = 0; i < 100; i++) tally.fault('lost', 'S1.1m', 2)
  assert.deepEqual(tally.report().faults, { lost: 200 })
  assert.ok(told.length < 50 && told[0] === 'lost: S1.1m')
  for (const age of [1000, 2000, 2000, 5000]) tally.took(Date.now() - age)
  const { delays } = tally.report()
  assert.ok(Math.abs(delayQuantile(delays, 0.5) - 2000) < 500 && Math.abs(delayQuantile(delays, 0.99) - 5000) < 500)
  assert.ok(Number.isNaN(delayQuantile(tally.report().delays, 0.5)))
})

test('a slope is that of the line next to all points', () => {
  assert.equal(slope([0, 1, 2, 3], [1, 3, 5, 7]), 2)
  assert.ok(Math.abs(slope([0, 1, 2], [0, 1, 0])) < 1e-12)
  assert.ok(Number.isNaN(slope([0, 1], [0, 1])))
})
