import { open } from 'lmdb'
import { join } from 'node:path'
import t from 'tap'
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
