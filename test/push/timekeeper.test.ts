import t from 'tap'
import { startTimekeeper } from '../../src/push/timekeeper.ts'
import { FakeClock } from '../fixture/clock.ts'

const NOON = Date.UTC(2026, 0, 5, 12)

function start (time: number, graceMs = 5000) {
  const clock = new FakeClock(time)
  const told: string[] = []
  const stop = startTimekeeper({ clock, graceMs, onMinute: (minute) => { told.push(`${(minute - NOON) / 60_000} at ${(clock.now() - NOON) / 1000}`) } })
  return { clock, told, stop }
}

t.test('each end of a minute is told once, when the grace is over', async (t) => {
  const { clock, told } = start(NOON + 30_000)
  t.strictSame(told, ['0 at 30'], 'the newest one at once')
  clock.advance(34_999)
  t.equal(told.length, 1)
  clock.advance(1)
  clock.advance(120_000)
  t.strictSame(told.slice(1), ['1 at 65', '2 at 125', '3 at 185'])
  t.equal(clock.timers, 1)
})

t.test('without a grace a minute is told when it ends', async (t) => {
  const { clock, told } = start(NOON, 0)
  clock.advance(60_000)
  t.strictSame(told, ['0 at 0', '1 at 60'])
})

t.test('a clock that jumps ahead is caught up with in one step', async (t) => {
  const { clock, told } = start(NOON + 30_000)
  clock.jump(3_600_000)
  t.strictSame(told, ['0 at 30', '60 at 3630'])
  clock.advance(35_000)
  t.equal(told[2], '61 at 3665')
})

t.test('a clock that goes back says nothing until it has come as far again', async (t) => {
  const { clock, told } = start(NOON + 30_000)
  clock.jump(-600_000)
  clock.advance(600_000)
  t.strictSame(told, ['0 at 30'])
  clock.advance(35_000)
  t.strictSame(told, ['0 at 30', '1 at 65'])
})

t.test('it stops', async (t) => {
  const { clock, told, stop } = start(NOON)
  clock.advance(65_000)
  stop()
  t.equal(clock.timers, 0)
  t.equal(told.length, 3)
})
