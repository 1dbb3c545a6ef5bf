import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { repair } from '../../src/cli/repair.ts'
import { runSource } from '../fixture/child.ts'
import { Collect } from '../fixture/collect.ts'
import { PAGE, pagesOf, problemsOf, rewrite, soundData, zeroPage } from '../fixture/damage.ts'

t.setTimeout(120_000)

const copy = soundData(t)

t.test('a server that can not start says so, and starts after a repair, of which it is said what was found and what was not', async (t) => {
  const dataDir = copy(t)
  const { number } = pagesOf(dataDir).find(({ table, kind }) => table === 'bars' && kind === 'leaf') as { number: number }
  zeroPage(dataDir, number)
  const env = { PORT: '0', LOG_LEVEL: 'info', DATA_DIR: dataDir }
  const refused = runSource(t, 'src/cli.ts', { args: ['serve'], env })
  t.strictSame(await refused.ended, { code: 1, signal: null })
  t.equal(refused.err, `kline-push: The file \`${dataDir}/bars.mdb\` is damaged: page ${number} says that it is page 0. \`kline-push check --data-dir ${dataDir}\` says more, \`kline-push repair --data-dir ${dataDir}\` makes a sound one of what can be read of it; or put a backup in its place\n`)

  const child = runSource(t, 'src/cli.ts', { args: ['repair', '--data-dir', dataDir] })
  t.strictSame(await child.ended, { code: 0, signal: null }, child.err)
  const [, aside] = /^bars: page \d+ says that it is page 0 \(A\.1m .*\)\nrecovered 3 contracts, \d+ bars, \d+ entries of the journal\n(?:\d+ late minutes .*\n)?the damaged file is `(bars\.mdb\.damaged-[\dTZ-]+)` now\n$/.exec(child.out) ?? []
  t.ok(existsSync(join(dataDir, String(aside))), child.out)

  const server = runSource(t, 'src/cli.ts', { args: ['serve'], env })
  const [, url] = await server.says(/listening at (http:[^"]+)/)
  t.match(await (await fetch(`${url}/health`)).json(), { status: 'ok', symbols: 3 })
  await t.rejects(repair({ dataDir, out: new Collect() }), { code: 'KLP_ERR_IN_USE', message: `The data directory \`${dataDir}\` is in use by another process` })
  server.kill('SIGTERM')
  t.match(await server.ended, { code: 0 })
})

t.test('what was found of a file without a beginning is all there was, and it is said what can not be known of it', async (t) => {
  const dataDir = copy(t)
  rewrite(dataDir, (bytes) => bytes.fill(0, 0, 2 * PAGE))
  const out = new Collect()
  await repair({ dataDir, out })
  t.match(out.text, /^the file: page 0 .*\ntables: page 0 .*\nrecovered 3 contracts, \d+ bars, \d+ entries of the journal\nWhat was stored last may be missing.*\nEntries .*\n\d+ rows may be older.*\n\d+ late minutes are not in the longer bars.*\nthe damaged file is `.*` now\n$/)
  t.strictSame(problemsOf(dataDir), [])
})

t.test('where nothing of the bars was lost it says that, and of sound data that there is nothing to do', async (t) => {
  const dataDir = copy(t)
  zeroPage(dataDir, pagesOf(dataDir).find(({ table }) => table === 'events')?.number as number)
  const out = new Collect()
  await repair({ dataDir, out })
  await repair({ dataDir, out })
  t.match(out.text, /^recovered 3 contracts, .*, which is all there was\nthe damaged file is `.*` now\nsound: nothing to repair\n$/)
})
