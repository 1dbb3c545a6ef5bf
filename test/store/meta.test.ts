import { open } from 'lmdb'
import { join } from 'node:path'
import t from 'tap'
import { utcCalendar } from '../../src/market/calendar.ts'
import { createLadder } from '../../src/market/ladder.ts'
import { Meta } from '../../src/store/meta.ts'

t.test('of two who find the same former owner dead, only one takes its place', async (t) => {
  const root = open({ path: join(t.testdir(), 'bars.mdb'), noSubdir: true, encoding: 'binary' })
  t.teardown(() => root.close())
  const { owner } = new Meta(root)
  t.equal(owner.read(), undefined)
  t.equal(owner.swap(undefined, 'first'), true)
  t.equal(owner.swap(undefined, 'second'), false)
  t.equal(owner.read(), 'first')
  t.equal(owner.swap('first', 'second'), true)
  t.equal(owner.read(), 'second')
})

t.test('marks come back as they were put, the ones that were never set too', async (t) => {
  const root = open({ path: join(t.testdir(), 'bars.mdb'), noSubdir: true, encoding: 'binary' })
  t.teardown(() => root.close())
  const meta = new Meta(root)
  t.equal(meta.marks, undefined)
  for (const marks of [{ position: 3, watermark: -Infinity, clock: 1_767_596_400_000 }, { position: 2 ** 40, watermark: 60_000, clock: -Infinity }]) {
    await root.batch(() => { meta.putMarks(marks) })
    t.strictSame(meta.marks, marks)
  }
})

t.test('data without an epoch get one, and are only opened as they were made', async (t) => {
  const root = open({ path: join(t.testdir(), 'bars.mdb'), noSubdir: true, encoding: 'binary' })
  t.teardown(() => root.close())
  const meta = new Meta(root)
  const ladder = createLadder(utcCalendar, ['1m', '5m'])
  const epoch = meta.epoch(ladder, 'data')
  t.equal(meta.epoch(ladder, 'data'), epoch)
  meta.forgetEpoch()
  const other = { code: 'KLP_ERR_INCOMPATIBLE', message: 'The data directory `data` was made with periods `1m 5m`, got `1m`' }
  t.throws(() => meta.epoch(createLadder(utcCalendar, ['1m']), 'data'), other)
  const next = meta.epoch(ladder, 'data')
  t.not(next, epoch)
  await root.openDB('meta', { encoding: 'string' }).remove('periods')
  t.throws(() => meta.epoch(ladder, 'data'), { code: 'KLP_ERR_INCOMPATIBLE', message: /made with periods `undefined`/ })
})
