import fc from 'fast-check'
import t from 'tap'
import type { MinuteBar } from '../../src/market/bar.ts'
import { utcCalendar } from '../../src/market/calendar.ts'
import { Contract } from '../../src/market/contract.ts'
import { Events } from '../../src/market/events.ts'
import { fillContract } from '../../src/market/fill.ts'
import { createLadder } from '../../src/market/ladder.ts'
import { MINUTE, type Period, PERIODS } from '../../src/market/period.ts'
import { type BarEvent, told } from '../fixture/events.ts'
import { MapHistory } from '../fixture/history.ts'
import { anySequence, barsOf, bucketOf, minute, run } from '../fixture/minutes.ts'

const ALL = { start: -Infinity, end: Infinity, limit: Infinity, newest: false }

type Step =
  | { kind: 'minute', minute: MinuteBar }
  | { kind: 'watermark', time: number }
  | { kind: 'clock', to: number }
  | { kind: 'import', minutes: MinuteBar[] }

function create (periods: readonly Period[] = PERIODS): Contract {
  return new Contract('BTCUSDT', createLadder(utcCalendar, periods), () => new MapHistory())
}

/** What has to be closed, remembered bar by bar: the rule as a user would state it. */
class Model {
  readonly sequence: MinuteBar[] = []
  readonly closed = new Map<Period, Set<number>>(PERIODS.map((period) => [period, new Set()]))
  #heard = -Infinity
  #clock: number | undefined

  take (step: Step): void {
    if (step.kind === 'minute') this.#hear([step.minute])
    else if (step.kind === 'import') this.#hear(step.minutes)
    else if (step.kind === 'watermark') this.#heard = Math.max(this.#heard, step.time)
    else this.#tick(step.to)
    this.#close((end) => end <= this.#heard)
  }

  expected (period: Period): object[] {
    return barsOf(period, this.sequence).map((bar) => ({ ...bar, closed: this.closed.get(period)?.has(bar.time) }))
  }

  #hear (minutes: readonly MinuteBar[]): void {
    this.sequence.push(...minutes)
    for (const { time } of minutes) this.#heard = Math.max(this.#heard, time + MINUTE)
  }

  #tick (to: number): void {
    const from = this.#clock ?? to
    if (to < from) return
    this.#clock = to
    if (this.#heard >= from) this.#heard = Math.max(this.#heard, to)
    else this.#close((end) => end > from && end <= to)
  }

  /** Once closed, closed for good; and so is every bar before it. */
  #close (isOver: (end: number) => boolean): void {
    for (const [period, closed] of this.closed) {
      const starts = new Set(this.sequence.map(({ time }) => bucketOf(period, time)))
      for (const start of starts) if (isOver(utcCalendar.end(period, start))) closed.add(start)
      const newest = Math.max(...closed)
      for (const start of starts) if (start <= newest) closed.add(start)
    }
  }
}

function play (contract: Contract, step: Step, clock: { at: number | undefined }): Events {
  const events = new Events()
  if (step.kind === 'minute') contract.apply(step.minute, events)
  else if (step.kind === 'import') fillContract(contract, step.minutes, events)
  else if (step.kind === 'watermark') contract.advance(step.time, events)
  else {
    const from = clock.at ?? step.to
    contract.expire(from, step.to, events)
    clock.at = Math.max(from, step.to)
  }
  return events
}

const anySteps = fc.tuple(anySequence, fc.array(fc.record({ kind: fc.constantFrom('watermark', 'clock', 'import', 'minute'), ahead: fc.integer({ min: -500, max: 3000 }), size: fc.nat(5) }), { maxLength: 30 })).map(([minutes, kinds]) => {
  const steps: Step[] = [{ kind: 'minute', minute: minutes[0] }] // nothing is known of a contract before its first
  let next = 1
  for (const { kind, ahead, size } of kinds) {
    const { time } = minutes[next % minutes.length]
    const mark = Math.max(0, time + ahead * MINUTE)
    if (kind === 'watermark') steps.push({ kind, time: mark })
    else if (kind === 'clock') steps.push({ kind, to: mark })
    else if (kind === 'import') {
      steps.push({ kind, minutes: minutes.slice(next, next + 1 + size) })
      next += 1 + size
    } else if (next < minutes.length) steps.push({ kind: 'minute', minute: minutes[next++] })
  }
  return steps.filter((step) => step.kind !== 'import' || step.minutes.length > 0)
})

function text (bars: readonly object[]): string[] {
  return bars.map((bar) => JSON.stringify(Object.entries(bar).sort(([a], [b]) => a < b ? -1 : 1)))
}

t.test('whatever comes in which order, bars are those of the minutes, closed as the marks say, and seq has no gap', async (t) => {
  fc.assert(fc.property(anySteps, (steps) => {
    const contract = create()
    const model = new Model()
    const clock = { at: undefined }
    const seqs = new Map<string, number>()
    for (const step of steps) {
      const list = told(play(contract, step, clock).list)
      model.take(step)
      for (const event of list) {
        if (event.type === 'watermark' || event.seq === 0) continue
        const before = seqs.get(event.key) ?? 0
        if (event.seq !== before + 1) throw new Error(`${event.key}: seq ${event.seq} after ${before}`)
        seqs.set(event.key, event.seq)
      }
      for (const lane of contract.lanes) {
        const bars = lane.range(ALL).map((bucket) => { const { revision, ...bar } = bucket.toBar(); return bar })
        const expected = model.expected(lane.period)
        if (text(bars).join() !== text(expected).join()) throw new Error(`${lane.key} after ${JSON.stringify(step)}: ${JSON.stringify(bars)} instead of ${JSON.stringify(expected)}`)
        if (lane.seq !== (seqs.get(lane.key) ?? 0)) throw new Error(`${lane.key}: seq ${lane.seq}`)
      }
    }
  }), { numRuns: 150 })
  t.pass()
})

t.test('whoever follows the events, and reads again after a reset, has the bars', async (t) => {
  fc.assert(fc.property(anySteps, (steps) => {
    const contract = create()
    const clock = { at: undefined }
    const followed = new Map(contract.lanes.map((lane) => [lane.key, new Map<number, string>()]))
    for (const step of steps) {
      for (const event of told(play(contract, step, clock).list)) {
        if (event.type === 'watermark') continue
        const bars = followed.get(event.key)
        if (event.type === 'bar') bars?.set(event.bucket.time, JSON.stringify(event.bucket.toBar()))
        else for (const bucket of contract.lanes.find(({ key }) => key === event.key)?.range(ALL) ?? []) bars?.set(bucket.time, JSON.stringify(bucket.toBar()))
      }
    }
    return contract.lanes.every((lane) => lane.range(ALL).every((bucket) => followed.get(lane.key)?.get(bucket.time) === JSON.stringify(bucket.toBar())))
  }), { numRuns: 200 })
  t.pass()
})

t.test('an import in any pieces ends in the bars of its minutes, with one step of seq for each piece', async (t) => {
  fc.assert(fc.property(anySequence, fc.integer({ min: 1, max: 40 }), (sequence, size) => {
    const contract = create()
    let steps = 0
    for (let i = 0; i < sequence.length; i += size) {
      const counts = fillContract(contract, sequence.slice(i, i + size), new Events())
      if (counts.accepted + counts.revised > 0) steps++
    }
    return contract.lanes.every((lane) => {
      const bars = lane.range(ALL).map((bucket) => { const { revision, ...bar } = bucket.toBar(); return bar })
      return lane.seq === steps && lane.resetSeq === steps && text(bars).join() === text(barsOf(lane.period, sequence)).join()
    })
  }), { numRuns: 200 })
  t.pass()
})

function closings (events: Events): [string, number][] {
  return told(events.list).filter((event): event is BarEvent => event.type === 'bar' && event.seq > 0).map(({ key, bucket }) => [key, bucket.time / MINUTE])
}

t.test('a watermark closes what has ended by then, once', async (t) => {
  const contract = create(['3m', '5m', '1h'])
  for (const bar of run(2)) contract.apply(bar, new Events())
  const events = new Events()
  t.equal(contract.advance(2 * MINUTE, events), 0)
  t.equal(contract.advance(3 * MINUTE, events), 1)
  t.equal(contract.advance(3 * MINUTE, events), 0, 'again')
  t.equal(contract.advance(MINUTE, events), 0, 'back')
  t.equal(contract.advance(60 * MINUTE, events), 2)
  t.same(closings(events), [['BTCUSDT.3m', 0], ['BTCUSDT.5m', 0], ['BTCUSDT.1h', 0]])
})

t.test('a minute that comes after its watermark is late: closed bars are revised', async (t) => {
  const contract = create(['5m', '1h'])
  contract.apply(minute(0), new Events())
  contract.advance(10 * MINUTE, new Events())
  const events = new Events()
  t.equal(contract.apply(minute(MINUTE, { high: 50 }), events), 'accepted')
  t.same(told(events.list).map((event) => event.type === 'bar' && [event.key, event.bucket.closed, event.bucket.revision]), [['BTCUSDT.1m', true, 0], ['BTCUSDT.5m', true, 1], ['BTCUSDT.1h', false, 0]])
  const made = new Events()
  contract.apply(minute(7 * MINUTE), made)
  t.match(told(made.list)[1], { key: 'BTCUSDT.5m', seq: 3, bucket: { closed: true, revision: 0 } }, 'and where there was none, it is closed at once')
})

t.test('the clock closes what ended since it last spoke, and leaves a replay of old minutes alone', async (t) => {
  const now = Date.UTC(2026, 0, 5, 12)
  const contract = create(['5m', '1h'])
  contract.apply(minute(Date.UTC(2018, 0, 1)), new Events())
  const events = new Events()
  contract.expire(now, now + MINUTE, events)
  t.same(events.list, [], 'what ended years ago stays open until its next minute comes')
  contract.apply(minute(now + MINUTE), new Events())
  contract.expire(now + MINUTE, now + 2 * MINUTE, events)
  t.same(events.list, [])
  for (let passed = 2; passed < 60; passed++) contract.expire(now + passed * MINUTE, now + (passed + 1) * MINUTE, events)
  t.same(closings(events).map(([key]) => key), ['BTCUSDT.5m', 'BTCUSDT.1h'])
})

t.test('a contract that lags behind the clock is revised when its minutes come', async (t) => {
  const contract = create(['5m', '1h'])
  contract.apply(minute(50 * MINUTE), new Events())
  const events = new Events()
  contract.expire(58 * MINUTE, 60 * MINUTE, events)
  t.same(closings(events), [['BTCUSDT.1h', 0]], 'the bar of 5m ended before that')
  const late = new Events()
  contract.apply(minute(51 * MINUTE, { high: 77 }), late)
  t.match(told(late.list), [{ key: 'BTCUSDT.1m', seq: 2 }, { key: 'BTCUSDT.5m', seq: 0 }, { key: 'BTCUSDT.1h', seq: 2, bucket: { revision: 1, high: 77 } }])
})
