import t from 'tap'
import { Queue } from '../../src/client/queue.ts'
import { bar } from '../fixture/fake-server.ts'

function build (limit = 100): { queue: Queue, ends: () => number } {
  let ends = 0
  const queue = new Queue(limit, () => { ends++ })
  return { queue, ends: () => ends }
}

async function takeAll (queue: Queue): Promise<string[]> {
  const taken: string[] = []
  for await (const { time, close, closed } of queue) taken.push(`${time / 60_000} ${close}${closed ? ' closed' : ''}`)
  return taken
}

t.test('bars come in order, those that wait and those that are waited for', async (t) => {
  const { queue } = build()
  queue.push(bar(1))
  t.strictSame(await queue.next(), { done: false, value: bar(1) })
  const second = queue.next()
  const third = queue.next()
  queue.push(bar(2))
  queue.push(bar(3))
  t.strictSame(await Promise.all([second, third]), [{ done: false, value: bar(2) }, { done: false, value: bar(3) }])
})

t.test('of an unfinished bar only the newest state waits, and none once it is final', async (t) => {
  const { queue } = build()
  for (const close of [1, 2, 3]) queue.push(bar(1, { close, closed: false }))
  queue.push(bar(0, { revision: 1 }))
  for (const close of [4, 5]) queue.push(bar(1, { close, closed: false }))
  queue.push(bar(1, { close: 6 }))
  queue.push(bar(2, { close: 7, closed: false }))
  queue.push(bar(1, { close: 8, revision: 1 }))
  queue.end()
  t.strictSame(await takeAll(queue), ['0 2 closed', '1 6 closed', '2 7', '1 8 closed'])
})

t.test('of a consumer that stands still a bounded number of bars is kept: it gets those, and then an error once', async (t) => {
  const { queue, ends } = build(3)
  for (let time = 0; time < 10; time++) queue.push(bar(time))
  t.equal(ends(), 1)
  const taken = []
  for (let i = 0; i < 4; i++) taken.push(await queue.next())
  t.strictSame(taken.map(({ value }) => value?.time), [0, 60_000, 120_000, 180_000])
  await t.rejects(queue.next(), { name: 'KlineClientError', code: 'SLOW_CONSUMER', message: 'More than 3 bars wait to be taken' })
  t.strictSame(await queue.next(), { done: true, value: undefined })
})

t.test('an end reaches all who wait: the error the first of them', async (t) => {
  const { queue, ends } = build()
  const [first, second] = [queue.next(), queue.next()]
  queue.end(new Error('gone'))
  queue.end(new Error('again'))
  await t.rejects(first, { message: 'gone' })
  t.strictSame(await second, { done: true, value: undefined })
  t.equal(ends(), 1)
})

t.test('a consumer that leaves gets nothing more', async (t) => {
  const { queue, ends } = build()
  queue.push(bar(1))
  queue.push(bar(2))
  await queue.next()
  await queue.return()
  t.equal(ends(), 1)
  queue.push(bar(3))
  t.strictSame(await queue.next(), { done: true, value: undefined })
})
