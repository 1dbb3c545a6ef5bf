import t from 'tap'
import type { Bucket } from '../../src/market/bucket.ts'
import { utcCalendar } from '../../src/market/calendar.ts'
import { Contract } from '../../src/market/contract.ts'
import { Events } from '../../src/market/events.ts'
import { createLadder } from '../../src/market/ladder.ts'
import { knowsFrom, mendContract } from '../../src/market/mend.ts'
import { MINUTE } from '../../src/market/period.ts'
import { MapHistory } from '../fixture/history.ts'
import { run } from '../fixture/minutes.ts'

const ladder = createLadder(utcCalendar, ['1m', '5m', '1h', '1d'])
const ALL = { start: -Infinity, end: Infinity, limit: Infinity, newest: false }

function contractOf (count: number): Contract {
  const contract = new Contract('BTCUSDT', ladder, () => new MapHistory())
  for (const minute of run(count)) contract.apply(minute, new Events())
  return contract
}

/** The contract with only some of its closed bars, and none that is open. */
function without (contract: Contract, lost: (place: number, bar: Bucket) => boolean): Contract {
  const rest = new Contract(contract.symbol, ladder, () => new MapHistory())
  rest.frontier = contract.frontier
  rest.lanes.forEach((lane, place) => {
    const { seq, history } = contract.lanes[place]
    Object.assign(lane, { seq })
    for (const bar of history.range(ALL)) if (!lost(place, bar)) lane.history.fill(bar)
  })
  return rest
}

function barsOf ({ lanes }: Contract): unknown {
  return lanes.map((lane) => lane.range(ALL).map((bucket) => bucket.toBar()))
}

t.test('bars that were lost are made anew, closed or open, from the shorter ones that are left', (t) => {
  const whole = contractOf(10_500)
  const mended = without(whole, (place) => place > 0)
  for (const lane of mended.lanes) lane.seq = 0
  mendContract(mended, () => true)
  t.same(barsOf(mended), barsOf(whole))
  const some = without(whole, (place, { time }) => place > 0 && time > 3000 * MINUTE && time < 4000 * MINUTE)
  mendContract(some, () => true)
  mendContract(some, () => true)
  t.same(barsOf(some), barsOf(whole))
  t.end()
})

t.test('no closed bar is made of a part; one that is open is', (t) => {
  const whole = contractOf(200)
  const gone = (bar: { time: number }): boolean => bar.time >= 30 * MINUTE && bar.time < 35 * MINUTE
  const torn = without(whole, (place, bar) => place > 1 || gone(bar))
  const knows = knowsFrom(({ place }, { start, end }) => place > 1 || end <= 30 * MINUTE || start >= 35 * MINUTE)
  mendContract(torn, knows)
  const [, fives, hours, days] = torn.lanes.map((lane) => lane.range(ALL))
  t.equal(fives.length, 39)
  t.strictSame(hours.map(({ time }) => time / MINUTE), [60, 120, 180], 'the first hour lacks five minutes')
  t.match(days, [{ time: 0, closed: false }])
  t.ok(days[0].volume < 20)
  t.end()
})

t.test('what was lost of one period does not keep a longer one from being made, if it could be made anew itself', (t) => {
  const whole = contractOf(200)
  const mended = without(whole, (place) => place > 0)
  mendContract(mended, knowsFrom(({ place }) => place === 0))
  t.same(barsOf(mended), barsOf(whole))
  t.end()
})
