import t from 'tap'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { checkRoom, makeDirectory } from '../../src/store/disk.ts'

t.test('a disk with less room than may be needed is an error that says what is left', async (t) => {
  const directory = t.testdir()
  checkRoom(directory, 1)
  t.throws(() => { checkRoom(directory, Number.MAX_SAFE_INTEGER) }, { message: new RegExp(`${directory}. has \\d+ bytes left, and a commit may need ${Number.MAX_SAFE_INTEGER}`) })
})

t.test('a directory is made with those above it, and where the system lets nobody that is an error', async (t) => {
  const path = join(t.testdir(), 'a/b/c')
  makeDirectory(path)
  makeDirectory(path)
  t.ok(existsSync(path))
  t.throws(() => { makeDirectory('/proc/a/b') }, /'\/proc\/a'/)
})

t.test('a file where a directory has to be is named', async (t) => {
  const directory = t.testdir({ file: 'not a directory' })
  for (const path of ['file', 'file/data']) {
    t.throws(() => { makeDirectory(join(directory, path)) }, { message: `Expected \`${join(directory, 'file')}\` to be a directory, it is a file` })
  }
})
