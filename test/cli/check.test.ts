import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { check } from '../../src/cli/check.ts'
import { runSource } from '../fixture/child.ts'
import { Collect } from '../fixture/collect.ts'
import { pagesOf, soundData, zeroPage } from '../fixture/damage.ts'

t.setTimeout(120_000)

const copy = soundData(t)

t.test('a sound data directory is said to be sound, with what there is, and is not touched', async (t) => {
  const dataDir = copy(t)
  const child = runSource(t, 'src/cli.ts', { args: ['check', '--data-dir', dataDir] })
  t.strictSame(await child.ended, { code: 0, signal: null }, child.err)
  t.match(child.out, /^3 contracts, \d+ bars \(\d+ of 1m, \d+ of 3m, .*\), \d+ events, \d+ entries in the journal, \d+ bytes\nsound\n$/)
  t.strictSame(readdirSync(dataDir), ['bars.mdb'])
})

t.test('of a damaged one it is said where and what, at most twenty times, and what can be done', async (t) => {
  const dataDir = copy(t)
  for (const { number, table, kind } of pagesOf(dataDir)) if (table === 'bars' && kind === 'leaf') zeroPage(dataDir, number)
  const child = runSource(t, 'src/cli.ts', { args: ['check'], env: { DATA_DIR: dataDir } })
  t.strictSame(await child.ended, { code: 1, signal: null })
  const lines = child.out.trimEnd().split('\n')
  t.equal(lines.length, 23)
  t.match(lines[0], /^bars: page \d+ says that it is page 0$/)
  t.match(lines[20], /^… and \d+ more$/)
  t.match(lines[21], /^3 contracts, 0 bars, \d+ events/)
  t.equal(lines[22], `damaged: \`kline-push repair --data-dir ${dataDir}\` makes a sound one of what can be read`)
})

t.test('what is no data directory of ours is one line', async (t) => {
  const directory = t.testdir({ 'bars.mdb': {}, file: '' })
  const out = new Collect()
  const nowhere = join(directory, 'nowhere')
  await t.rejects(check({ dataDir: nowhere, out }), { message: `There are no bars in \`${nowhere}\`: it has no file \`bars.mdb\`` })
  await t.rejects(check({ dataDir: join(directory, 'file'), out }), { code: 'ENOTDIR' })
  t.equal(await check({ dataDir: directory, out }), 1)
  t.match(out.text, /^the file: page 0 can't be read \(EISDIR\)\n0 contracts, /)
})

t.test('while a server has it and goes on, it is read as it was at one moment', async (t) => {
  const dataDir = copy(t)
  const server = runSource(t, 'test/fixture/busy-owner.ts', { args: [dataDir] })
  await server.says(/busy/)
  for (let i = 0; i < 5; i++) {
    const out = new Collect()
    t.equal(await check({ dataDir, out }), 0, out.text)
  }
  server.kill('SIGKILL')
  await server.ended
})
