import t from 'tap'
import { createLocalLog } from '../../src/log/local.ts'
import type { Batch } from '../../src/log/log.ts'
import { minute, run } from '../fixture/minutes.ts'

const ids = (batches: readonly Batch[]): number[] => batches.map(({ id }) => id)

t.test('batches come out in order, what has waited comes together', async (t) => {
  const log = createLocalLog()
  const tail = log.tail()[Symbol.asyncIterator]()
  const entries = run(3)
  t.equal(log.append(entries), 0)
  t.equal(log.append([minute(0)]), 1)
  const { value } = await tail.next()
  t.same(ids(value), [0, 1])
  t.equal(value[0].entries, entries)
  t.equal(log.append([minute(1)]), 2)
  t.same(ids((await tail.next()).value), [2])
})

t.test('a tail that waits is woken', async (t) => {
  const log = createLocalLog()
  const tail = log.tail()[Symbol.asyncIterator]()
  for (let i = 0; i < 3; i++) {
    const next = tail.next()
    await new Promise((resolve) => { setImmediate(resolve) })
    log.append([minute(0)])
    t.same(ids((await next).value), [i])
  }
})

t.test('a closed log takes no more, and hands out what it took', async (t) => {
  const log = createLocalLog()
  log.append([minute(0)])
  log.close()
  t.throws(() => log.append([minute(0)]), { code: 'KLP_ERR_CLOSED', statusCode: 503 })
  const seen: number[] = []
  for await (const batches of log.tail()) seen.push(...ids(batches))
  t.same(seen, [0])
})

t.test('closing ends a tail that waits', async (t) => {
  const log = createLocalLog()
  const next = log.tail()[Symbol.asyncIterator]().next()
  await new Promise((resolve) => { setImmediate(resolve) })
  log.close()
  t.equal((await next).done, true)
})
