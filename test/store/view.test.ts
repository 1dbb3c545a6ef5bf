import t from 'tap'
import type { RootDatabase } from 'lmdb'
import { join } from 'node:path'
import { openRoot } from '../../src/store/directory.ts'
import { commit } from '../../src/store/view.ts'

t.test('what can not be written says why, and nothing of it is there', async (t) => {
  const root = openRoot(join(t.testdir(), 'bars.mdb'), {})
  t.teardown(() => root.close())
  await t.rejects(commit(root, () => {
    root.put('a', Buffer.from('1'))
    throw new Error('too late')
  }), { message: 'too late' })
  t.equal(root.get('a'), undefined)
})

t.test('a commit that fails says why the disk did not take it', async (t) => {
  const commitError = Promise.reject(new Error('No space left on device'))
  const root = { async batch () { throw Object.assign(new Error('Commit failed (see commitError for details)'), { commitError }) } }
  await t.rejects(commit(root as unknown as RootDatabase, () => {}), { message: 'No space left on device' })
})
