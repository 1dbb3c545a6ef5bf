import fc from 'fast-check'
import t from 'tap'
import { utcCalendar as calendar } from '../../src/market/calendar.ts'
import { LAST_MINUTE, MINUTE, PERIODS } from '../../src/market/period.ts'
import { bucketOf } from '../fixture/minutes.ts'

const utc = (text: string): number => Date.parse(`${text}Z`)
const anyTime = fc.oneof(fc.nat(80 * 365 * 24 * 60), fc.integer({ min: 0, max: LAST_MINUTE / MINUTE - 60 * 24 * 60 })).map((n) => n * MINUTE)

t.test('weeks go from Monday to Monday', async (t) => {
  const start = calendar.start('1w', utc('2024-03-03T23:59'))
  t.equal(start, utc('2024-02-26T00:00'))
  t.equal(calendar.end('1w', start), utc('2024-03-04T00:00'))
  t.equal(calendar.start('1w', utc('2024-03-04T00:00')), utc('2024-03-04T00:00'))
})

t.test('the week that holds the epoch opens before it', async (t) => {
  t.equal(calendar.start('1w', 0), utc('1969-12-29T00:00'))
  t.equal(calendar.end('1w', calendar.start('1w', 0)), utc('1970-01-05T00:00'))
})

t.test('months go by the calendar', async (t) => {
  for (const [time, start, end] of [
    ['2024-02-29T23:59', '2024-02-01T00:00', '2024-03-01T00:00'],
    ['2023-02-28T23:59', '2023-02-01T00:00', '2023-03-01T00:00'],
    ['2024-12-31T23:59', '2024-12-01T00:00', '2025-01-01T00:00'],
    ['1970-01-01T00:00', '1970-01-01T00:00', '1970-02-01T00:00'],
  ]) {
    t.equal(calendar.start('1M', utc(time)), utc(start))
    t.equal(calendar.end('1M', utc(start)), utc(end))
  }
})

t.test('the last month of dates never ends', async (t) => {
  const start = calendar.start('1M', LAST_MINUTE)
  t.equal(start, utc('+275760-09-01T00:00'))
  t.equal(calendar.end('1M', start), Infinity)
  for (const period of PERIODS) t.ok(calendar.end(period, calendar.start(period, LAST_MINUTE)) > LAST_MINUTE, period)
})

t.test('every minute lies in its bar, and every bar begins where the one before ends', async (t) => {
  fc.assert(fc.property(fc.constantFrom(...PERIODS), anyTime, (period, time) => {
    const start = calendar.start(period, time)
    const end = calendar.end(period, start)
    return start === bucketOf(period, time) && start <= time && time < end && calendar.start(period, start) === start &&
      calendar.start(period, end - MINUTE) === start && calendar.start(period, end) === end
  }), { numRuns: 3000 })
  t.pass()
})

t.test('a period tiles another when each bar of the other is made of whole bars of it', async (t) => {
  fc.assert(fc.property(fc.constantFrom(...PERIODS), fc.constantFrom(...PERIODS), anyTime, (short, long, time) => {
    if (short === long || !calendar.tiles(short, long)) return true
    const start = calendar.start(long, time)
    const end = calendar.end(long, start)
    const first = calendar.start(short, Math.max(start, 0))
    return (start < 0 || first === start) && calendar.start(short, end) === end
  }), { numRuns: 3000 })
  for (const [short, long, tiles] of [
    ['1m', '3m', true], ['3m', '5m', false], ['5m', '15m', true], ['6h', '8h', false], ['4h', '12h', true], ['1d', '3d', true],
    ['3d', '1w', false], ['1d', '1w', true], ['1d', '1M', true], ['3d', '1M', false], ['1w', '1M', false], ['8h', '1M', true],
    ['1M', '1w', false], ['1h', '30m', false],
  ] as const) t.equal(calendar.tiles(short, long), tiles, `${short} ${long}`)
})
