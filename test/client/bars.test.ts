import t, { type Test } from 'tap'
import fc from 'fast-check'
import { Bars } from '../../src/client/bars.ts'
import { bar } from '../fixture/fake-server.ts'

function hold (times: readonly number[], { limit = 100, complete = true } = {}): Bars {
  const bars = new Bars()
  bars.limit = limit
  bars.replace(times.map((time) => bar(time)), { complete })
  return bars
}

function hasTimes (t: Test, { list }: Bars, times: readonly number[]): void {
  t.strictSame(list.map(({ time }) => time / 60_000), times)
}

t.test('a bar says what it did to the ones before', async (t) => {
  const bars = hold([1, 3])
  t.equal(bars.put(bar(5, { closed: false })), 'append')
  t.equal(bars.put(bar(5, { close: 1 })), 'update')
  t.equal(bars.put(bar(3, { revision: 1 })), 'correct')
  t.equal(bars.put(bar(4)), 'insert')
  t.equal(bars.put(bar(0)), 'insert', 'before all there is')
  hasTimes(t, bars, [0, 1, 3, 4, 5])
  t.match(bars.list, [{}, {}, { revision: 1 }, {}, { close: 1 }])
})

t.test('the first bar of a key is appended', async (t) => {
  const bars = hold([])
  t.equal(bars.put(bar(1)), 'append')
})

t.test('a bar from before those that are held is not taken in, or there would be a hole', async (t) => {
  const bars = hold([5, 6], { complete: false })
  t.equal(bars.put(bar(4)), 'older')
  hasTimes(t, bars, [5, 6])
})

t.test('past the limit the oldest quarter goes, and with it the knowledge of what is before', async (t) => {
  const bars = hold([1, 2, 3, 4], { limit: 4 })
  t.equal(bars.put(bar(5)), 'reset')
  hasTimes(t, bars, [3, 4, 5])
  t.equal(bars.put(bar(2)), 'older')
  bars.replace([1, 2, 3, 4, 5, 6].map((time) => bar(time)), { complete: true })
  hasTimes(t, bars, [3, 4, 5, 6])
  t.equal(bars.put(bar(2)), 'older')
})

t.test('of bars that are read again those are news that differ or were not there', async (t) => {
  const again = [1, 2, 3, 4].map((time) => bar(time, { revision: time === 3 ? 1 : 0 }))
  const newsOf = (bars: Bars): number[] => bars.replace(again, { complete: false }).map(({ time }) => time / 60_000)
  t.strictSame(newsOf(hold([2, 3], { complete: false })), [3, 4], 'what is before was not asked for')
  t.strictSame(newsOf(hold([2, 3])), [1, 3, 4], 'it was not there before')
  t.strictSame(newsOf(new Bars()), [1, 2, 3, 4])
})

t.test('in whatever order bars come, they are held ascending, each time once, the last state of each', async (t) => {
  fc.assert(fc.property(fc.array(fc.tuple(fc.nat(20), fc.nat(5))), (steps) => {
    const bars = hold([])
    const model = new Map<number, number>()
    for (const [time, revision] of steps) {
      bars.put(bar(time, { revision }))
      model.set(time, revision)
    }
    const expected = [...model].sort(([a], [b]) => a - b)
    t.strictSame(bars.list.map(({ time, revision }) => [time / 60_000, revision]), expected)
  }))
})
