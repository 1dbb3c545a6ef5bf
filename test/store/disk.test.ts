import t from 'tap'
import { checkRoom } from '../../src/store/disk.ts'

t.test('a disk with less room than may be needed is an error that says what is left', async (t) => {
  const directory = t.testdir()
  checkRoom(directory, 1)
  t.throws(() => { checkRoom(directory, Number.MAX_SAFE_INTEGER) }, { message: new RegExp(`${directory}. has \\d+ bytes left, and a commit may need ${Number.MAX_SAFE_INTEGER}`) })
})
