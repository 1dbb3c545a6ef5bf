import fc from 'fast-check'
import t from 'tap'
import type { MinuteBar } from '../../src/market/bar.ts'
import { utcCalendar } from '../../src/market/calendar.ts'
import { Contract, type Outcome } from '../../src/market/contract.ts'
import { Events } from '../../src/market/events.ts'
import { createLadder } from '../../src/market/ladder.ts'
import type { Lane } from '../../src/market/lane.ts'
import { MINUTE, type Period, PERIODS } from '../../src/market/period.ts'
import { type BarEvent, told } from '../fixture/events.ts'
import { MapHistory } from '../fixture/history.ts'
import { anyMinute, anySequence, barsOf, minute, run } from '../fixture/minutes.ts'

const ALL = { start: -Infinity, end: Infinity, limit: Infinity, newest: false }

function create (periods: readonly Period[] = PERIODS): Contract {
  return new Contract('BTCUSDT', createLadder(utcCalendar, periods), () => new MapHistory())
}

function laneOf (contract: Contract, period: Period): Lane {
  const lane = contract.lanes.find((lane) => lane.period === period)
  if (lane === undefined) throw new Error(`No lane ${period}`)
  return lane
}

function feed (contract: Contract, minutes: readonly MinuteBar[]): { outcomes: Outcome[], events: BarEvent[] } {
  const events = new Events()
  const outcomes = minutes.map((minute) => contract.apply(minute, events))
  return { outcomes, events: told(events.list) as BarEvent[] }
}

function split<T> (list: readonly T[], sizes: readonly number[]): T[][] {
  const parts: T[][] = []
  let at = 0
  for (const size of sizes) {
    parts.push(list.slice(at, at + size))
    at += size
  }
  return [...parts, list.slice(at)].filter((part) => part.length > 0)
}

function same (a: object, b: object): boolean {
  const sorted = (object: object) => JSON.stringify(Object.entries(object).sort(([x], [y]) => x < y ? -1 : 1))
  return sorted(a) === sorted(b)
}

function checkBars (contract: Contract, sequence: readonly MinuteBar[]): void {
  for (const lane of contract.lanes) {
    const bars = lane.range(ALL).map((bucket) => bucket.toBar())
    const expected = barsOf(lane.period, sequence)
    if (bars.length !== expected.length) throw new Error(`${lane.key}: ${bars.length} bars instead of ${expected.length}`)
    bars.forEach(({ revision, ...bar }, i) => {
      if (!same(bar, expected[i])) throw new Error(`${lane.key}: ${JSON.stringify(bar)} instead of ${JSON.stringify(expected[i])}`)
    })
  }
}

t.test('any sequence of minutes, however it is split, ends in the bars of its minutes in every period', async (t) => {
  fc.assert(fc.property(anySequence, fc.array(fc.integer({ min: 1, max: 8 })), (sequence, sizes) => {
    const contract = create()
    for (const part of split(sequence, sizes)) feed(contract, part)
    checkBars(contract, sequence)
  }), { numRuns: 400 })
  t.pass()
})

t.test('the order of distinct minutes does not show in the bars', async (t) => {
  const shuffled = fc.uniqueArray(anyMinute, { selector: ({ time }) => time, minLength: 1, maxLength: 25 })
    .chain((minutes) => fc.tuple(fc.constant(minutes), fc.shuffledSubarray(minutes, { minLength: minutes.length })))
  fc.assert(fc.property(shuffled, ([minutes, other]) => {
    const contract = create()
    feed(contract, other)
    checkBars(contract, minutes)
  }), { numRuns: 200 })
  t.pass()
})

t.test('any subset of the periods gives the same bars', async (t) => {
  fc.assert(fc.property(anySequence, fc.subarray([...PERIODS]), (sequence, periods) => {
    const contract = create(periods)
    feed(contract, sequence)
    checkBars(contract, sequence)
  }), { numRuns: 100 })
  t.pass()
})

t.test('seq has no gaps, revision counts the corrections, and the last event of a key shows its last bar', async (t) => {
  fc.assert(fc.property(anySequence, fc.array(fc.integer({ min: 1, max: 8 })), (sequence, sizes) => {
    const contract = create()
    const seqs = new Map<string, number>()
    const revisions = new Map<string, number>()
    const shown = new Map<string, string>()
    for (const part of split(sequence, sizes)) {
      for (const { key, seq, bucket } of feed(contract, part).events) {
        const bar = `${key} ${bucket.time}`
        shown.set(bar, JSON.stringify(bucket.toBar()))
        if (seq === 0) {
          if (bucket.closed) throw new Error(`${bar}: an update of a closed bar`)
          continue
        }
        if (!bucket.closed) throw new Error(`${bar}: a durable event of an open bar`)
        if (seq !== (seqs.get(key) ?? 0) + 1) throw new Error(`${key}: seq ${seq} after ${seqs.get(key)}`)
        if (bucket.revision !== (revisions.get(bar) ?? -1) + 1) throw new Error(`${bar}: revision ${bucket.revision} after ${revisions.get(bar)}`)
        seqs.set(key, seq)
        revisions.set(bar, bucket.revision)
      }
    }
    for (const lane of contract.lanes) {
      if (lane.seq !== (seqs.get(lane.key) ?? 0)) throw new Error(`${lane.key}: seq ${lane.seq}`)
      for (const bucket of lane.range(ALL)) {
        if (shown.get(`${lane.key} ${bucket.time}`) !== JSON.stringify(bucket.toBar())) throw new Error(`${lane.key} ${bucket.time} was not shown as it is`)
      }
    }
  }), { numRuns: 300 })
  t.pass()
})

t.test('a minute is accepted when it is new, revised when it differs, and a duplicate when it does not', async (t) => {
  fc.assert(fc.property(anySequence, (sequence) => {
    const seen = new Map<number, MinuteBar>()
    const expected = sequence.map((minute) => {
      const before = seen.get(minute.time)
      seen.set(minute.time, minute)
      if (before === undefined) return 'accepted'
      return same(before, minute) ? 'duplicate' : 'revised'
    })
    return same(feed(create(), sequence).outcomes, expected)
  }), { numRuns: 200 })
  t.pass()
})

t.test('duplicates change nothing and are heard of by nobody', async (t) => {
  fc.assert(fc.property(anySequence, (sequence) => {
    const contract = create()
    feed(contract, sequence)
    const state = () => JSON.stringify(contract.lanes.map((lane) => [lane.seq, lane.range(ALL).map((bucket) => [bucket.seq, bucket.toBar()])]))
    const before = state()
    const last = new Map(sequence.map((minute) => [minute.time, minute]))
    const { outcomes, events } = feed(contract, [...last.values()])
    return events.length === 0 && outcomes.every((outcome) => outcome === 'duplicate') && state() === before
  }), { numRuns: 100 })
  t.pass()
})

t.test('the last minute of a bar closes it', async (t) => {
  const contract = create(['3m'])
  feed(contract, run(2))
  t.equal(laneOf(contract, '3m').current()?.closed, false)
  const { events } = feed(contract, run(1, { from: 2 * MINUTE }))
  t.same(events.map(({ key, seq }) => [key, seq]), [['BTCUSDT.1m', 3], ['BTCUSDT.3m', 1]])
  t.equal(laneOf(contract, '3m').open, undefined)
})

t.test('the first minute after a gap closes the bar before it', async (t) => {
  const contract = create(['3m'])
  feed(contract, run(1))
  const { events } = feed(contract, [minute(9 * MINUTE)])
  t.same(events.map(({ key, seq, bucket }) => [key, seq, bucket.time]), [['BTCUSDT.1m', 2, 9 * MINUTE], ['BTCUSDT.3m', 1, 0], ['BTCUSDT.3m', 0, 9 * MINUTE]])
})

t.test('a late minute revises the closed bars that hold it and updates the open ones', async (t) => {
  const contract = create(['3m', '5m', '1h'])
  feed(contract, [0, 1, 3, 4, 5, 6].map((n) => minute(n * MINUTE)))
  const { outcomes, events } = feed(contract, [minute(2 * MINUTE, { high: 99, volume: 0.2 })])
  t.same(outcomes, ['accepted'])
  t.same(events.map(({ key, seq, bucket }) => [key, seq, bucket.revision, bucket.high]), [
    ['BTCUSDT.1m', 7, 0, 99],
    ['BTCUSDT.3m', 3, 1, 99],
    ['BTCUSDT.5m', 2, 1, 99],
    ['BTCUSDT.1h', 0, 0, 99],
  ])
  t.equal(laneOf(contract, '3m').history.at(0)?.volume, 0.4)
})

t.test('a late minute makes a bar where there was none, which counts as its first close', async (t) => {
  const contract = create(['3m'])
  feed(contract, [minute(0), minute(10 * MINUTE)])
  const { events } = feed(contract, [minute(4 * MINUTE)])
  t.same(events.map(({ key, seq, bucket }) => [key, seq, bucket.time, bucket.revision]), [['BTCUSDT.1m', 3, 4 * MINUTE, 0], ['BTCUSDT.3m', 2, 3 * MINUTE, 0]])
})

t.test('a minute that came before with other values revises its own bar', async (t) => {
  const contract = create(['3m'])
  feed(contract, run(3))
  t.same(feed(contract, [minute(MINUTE, { close: 1.5 })]).outcomes, ['revised'])
  t.match(laneOf(contract, '1m').history.at(MINUTE), { revision: 1, close: 1.5, seq: 4 })
  t.match(laneOf(contract, '3m').history.at(0), { revision: 1, close: 3, seq: 2 })
})

t.test('a day of 0.1 a minute has a volume of 144', async (t) => {
  const contract = create()
  feed(contract, run(1440))
  t.equal(laneOf(contract, '1d').current()?.volume, 144)
  t.equal(laneOf(contract, '1M').current()?.volume, 144)
})

t.test('volumes of 17 digits are rounded once', async (t) => {
  const contract = create()
  const minutes = Array.from({ length: 600 }, (_, i) => minute(i * MINUTE, { volume: 1234567890.1234567, turnover: i % 2 === 0 ? 9007199254740992 : 0.3 }))
  feed(contract, minutes)
  checkBars(contract, minutes)
  const late = minute(7 * MINUTE, { volume: 0.00000001 })
  feed(contract, [late])
  checkBars(contract, [...minutes, late])
  t.pass()
})

t.test('a minute is reached while its bars are kept, and those that they are made of', async (t) => {
  const contract = create()
  t.ok(contract.reaches(0, Infinity))
  feed(contract, run(10))
  t.ok(contract.reaches(0, Infinity))
  const { history } = laneOf(contract, '1m')
  Object.assign(history, { floor: 3 * MINUTE })
  t.notOk(contract.reaches(2 * MINUTE, Infinity))
  t.notOk(contract.reaches(4 * MINUTE, Infinity), 'its bar of 5m opens before that')
  t.ok(contract.reaches(10 * MINUTE, Infinity), 'whatever is new is')
})

t.test('what is not kept any more is counted from the newest minute, by whole bars', async (t) => {
  const contract = new Contract('BTCUSDT', createLadder(utcCalendar, ['1m', '1h'], { '1m': 2, '1h': 3 }), () => new MapHistory())
  const day = 1440
  feed(contract, [minute(0), minute(3 * day * MINUTE + 30 * MINUTE)])
  t.equal(contract.floor(laneOf(contract, '1m'), Infinity), (day + 31) * MINUTE)
  t.equal(contract.floor(laneOf(contract, '1h'), Infinity), 0)
  feed(contract, [minute(3 * day * MINUTE + 60 * MINUTE)])
  t.equal(contract.floor(laneOf(contract, '1h'), Infinity), 60 * MINUTE)
  t.notOk(contract.reaches((day + 45) * MINUTE, Infinity), 'its hour is made of minutes that are gone')
  t.ok(contract.reaches((day + 120) * MINUTE, Infinity))
})
