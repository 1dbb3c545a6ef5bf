import t from 'tap'
import { Allowance } from '../../src/push/allowance.ts'

function takeMany (allowance: Allowance, count: number, now: number): string[] {
  return Array.from({ length: count }, () => allowance.take(now))
}

t.test('as many frames as a second has may come at once, the next one is refused, and as many more cut off', async (t) => {
  const allowance = new Allowance(5, 1000)
  t.strictSame(takeMany(allowance, 11, 1000), [...Array(5).fill('granted'), ...Array(5).fill('refused'), 'cut off'])
})

t.test('what is used up comes back with time, and never more than a second has', async (t) => {
  const allowance = new Allowance(5, 0)
  takeMany(allowance, 5, 0)
  t.equal(allowance.take(199), 'refused')
  t.strictSame(takeMany(allowance, 2, 400), ['granted', 'refused'])
  t.strictSame(takeMany(allowance, 6, 1_000_000), [...Array(5).fill('granted'), 'refused'])
})

t.test('a clock that is put back gives nothing and takes nothing', async (t) => {
  const allowance = new Allowance(2, 10_000)
  t.equal(allowance.take(10_000), 'granted')
  t.equal(allowance.take(0), 'granted')
  t.equal(allowance.take(0), 'refused')
  t.equal(allowance.take(1000), 'granted')
})
