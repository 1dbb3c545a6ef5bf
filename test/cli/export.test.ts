import { join } from 'node:path'
import t from 'tap'
import { importFile } from '../../src/cli/import.ts'
import { serve } from '../../src/serve.ts'
import { runSource } from '../fixture/child.ts'
import { Collect } from '../fixture/collect.ts'
import { makeData, pagesOf, zeroPage } from '../fixture/damage.ts'

t.setTimeout(120_000)

t.test('what is exported and imported elsewhere is the same, digit for digit', async (t) => {
  const dataDir = t.testdir()
  const { size } = await makeData(dataDir)
  const file = join(dataDir, 'bars.ndjson')
  const child = runSource(t, 'src/cli.ts', { args: ['export', '--data-dir', dataDir, '--to', file] })
  t.strictSame(await child.ended, { code: 0, signal: null }, child.err)
  t.equal(child.err, `${size} minutes of 3 contracts\n`)
  t.equal(child.out, '')

  const settings = { host: '127.0.0.1', port: 0, logger: false, closeGraceMs: 'off' as const }
  const from = await serve({ ...settings, dataDir })
  const to = await serve(settings)
  t.teardown(async () => { await Promise.all([from.close(), to.close()]) })
  await importFile({ file, to: to.listeningOrigin, out: new Collect(), err: new Collect(), fetch, signal: new AbortController().signal })
  for (const { symbol } of from.klineHub.symbols()) {
    for (const period of ['1m', '1h', '1d'] as const) {
      const [bars, others] = [from, to].map(({ klineHub }) => klineHub.klines({ symbol, period, limit: 5000 }).bars.map(({ revision, closed, ...bar }) => bar))
      t.strictSame(others, bars, `${symbol}.${period}`)
    }
  }

  const again = runSource(t, 'src/cli.ts', { args: ['export', '--data-dir', dataDir, '--to', file] })
  t.match(await again.ended, { code: 1 })
  t.match(again.err, /EEXIST: file already exists/)
})

t.test('what can not be read is named, the rest goes on, and it ends with 1', async (t) => {
  const dataDir = t.testdir()
  const { size } = await makeData(dataDir)
  for (const { number, table, kind } of pagesOf(dataDir)) if ((table === 'bars' && kind === 'leaf' && number % 2 === 0) || (table === 'journal' && kind === 'leaf')) zeroPage(dataDir, number)
  const child = runSource(t, 'src/cli.ts', { args: ['export', '--data-dir', dataDir] })
  t.strictSame(await child.ended, { code: 1, signal: null })
  const minutes = child.out.trimEnd().split('\n').map((line) => JSON.parse(line))
  const { size: contracts } = new Set(minutes.map(({ symbol }) => symbol)) // one may have had its bars in the bad pages alone
  t.match(child.err, new RegExp(`^journal: page \\d+ .*\nbars: page \\d+ says that it is page 0 \\(.+ up to .+\\)\n(.*\n)*${minutes.length} minutes of ${contracts} contracts\nEntries of the journal may be missing`))
  t.ok(minutes.length > 100 && minutes.length < size)
  for (const minute of minutes) t.match(minute, { symbol: String, time: Number, close: Number })
})

t.test('whoever stops it gets 130, and what they read was whole lines', async (t) => {
  const dataDir = t.testdir()
  await makeData(dataDir, { count: 4000 })
  const child = runSource(t, 'src/cli.ts', { args: ['export', '--data-dir', dataDir] })
  await child.says(/\n/)
  child.process.stdout?.destroy()
  t.strictSame(await child.ended, { code: 130, signal: null }, child.err)
  t.match(child.out, /^\{.*\}\n/)
})
