import { EventEmitter, once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { backup } from '../../src/cli/backup.ts'
import { serve } from '../../src/serve.ts'
import { BYTES_TO_BYTES } from '../../src/store/clustered.ts'
import { openRoot, WRITER } from '../../src/store/directory.ts'
import { runSource } from '../fixture/child.ts'
import { connect } from '../fixture/client.ts'
import { Collect } from '../fixture/collect.ts'
import { pagesOf, problemsOf, soundData, zeroPage } from '../fixture/damage.ts'

t.setTimeout(120_000)

const START = Date.UTC(2026, 0, 1)
const SYMBOLS = Array.from({ length: 20 }, (_, i) => `S${i}`)
const copy = soundData(t)

function minutesAt (place: number) {
  return SYMBOLS.map((symbol) => ({ symbol, time: START + place * 60_000, open: 1, high: 3, low: 1, close: 2, volume: place }))
}

t.test('a backup under a stream of bars has every bar that was acknowledged before it began, and a server on it an epoch of its own', async (t) => {
  const directory = t.testdir({ data: {} })
  const server = runSource(t, 'test/fixture/crash-server.ts', { args: [join(directory, 'data'), '400'] })
  const [url] = await server.says(/http.*(?=\n)/)
  const producer = Object.assign(new EventEmitter(), { going: true, acknowledged: 0, slowest: 0 })
  const producing = (async () => {
    while (producer.going) {
      const began = performance.now()
      const response = await fetch(`${url}/bars`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(minutesAt(producer.acknowledged)) })
      if (response.status !== 200) throw new Error(await response.text())
      producer.slowest = Math.max(producer.slowest, performance.now() - began)
      producer.acknowledged++
      producer.emit('acknowledged')
    }
  })()
  const copies: { to: string, before: number, after: number }[] = []
  for (let i = 1; i <= 2; i++) {
    for (let minute = 0; minute < 40; minute++) await Promise.race([once(producer, 'acknowledged'), producing])
    const to = join(directory, `copy${i}`)
    const before = producer.acknowledged
    await backup({ dataDir: join(directory, 'data'), to, out: new Collect() })
    copies.push({ to, before, after: producer.acknowledged })
  }
  producer.going = false
  await producing
  t.comment(`${producer.acknowledged} minutes acknowledged, the slowest after ${Math.round(producer.slowest)} ms`)
  server.kill('SIGKILL')
  await server.ended

  const settings = { host: '127.0.0.1', port: 0, logger: false }
  const original = await serve({ ...settings, dataDir: join(directory, 'data') })
  t.teardown(() => original.close())
  const epochs = [original.klineHub.health().epoch]
  for (const { to, before, after } of copies) {
    t.strictSame(readdirSync(to), ['bars.mdb'])
    const restored = await serve({ ...settings, dataDir: to })
    const { epoch } = restored.klineHub.health()
    epochs.push(epoch)
    for (const symbol of SYMBOLS) {
      const { bars } = restored.klineHub.klines({ symbol, period: '1m', limit: 5000 })
      t.ok(bars.length >= before && bars.length <= after + 1, `${symbol}: ${before} <= ${bars.length} <= ${after + 1}`)
      t.strictSame(bars, original.klineHub.klines({ symbol, period: '1m', limit: 5000 }).bars.slice(0, bars.length))
    }
    const client = await connect(t, restored)
    const { seq } = restored.klineHub.klines({ symbol: 'S0', period: '1m' })
    client.send({ op: 'subscribe', args: ['S0.1m'], since: { 'S0.1m': { epoch: epochs[0], seq } } })
    t.match(await client.next(), { type: 'ack', keys: [{ key: 'S0.1m', epoch, recovered: false }] }, 'a position in the original says nothing here')
    await restored.close()
    const again = await serve({ ...settings, dataDir: to })
    t.equal(again.klineHub.health().epoch, epoch, 'and the epoch stays')
    await again.close()
  }
  t.equal(new Set(epochs).size, 3)
})

t.test('the command copies into a new directory, and into none that has something', async (t) => {
  const dataDir = copy(t)
  const to = join(dataDir, 'backups', 'monday')
  const child = runSource(t, 'src/cli.ts', { args: ['backup', to, '--data-dir', dataDir] })
  t.strictSame(await child.ended, { code: 0, signal: null }, child.err)
  t.match(child.out, /^3 contracts, \d+ bars \(.*\), \d+ events, \d+ entries in the journal are in `.*monday`\n$/)
  t.equal(statSync(join(to, 'bars.mdb')).size, statSync(join(dataDir, 'bars.mdb')).size)
  t.strictSame(problemsOf(to), [])
  await t.rejects(backup({ dataDir, to, out: new Collect() }), { message: `Expected \`${to}\` to be a new directory or an empty one; it has \`bars.mdb\`` })
  await t.rejects(backup({ dataDir: join(dataDir, 'nowhere'), to: join(dataDir, 'other'), out: new Collect() }), { message: /^There are no bars in `.*nowhere`/ })
  t.notOk(existsSync(join(dataDir, 'other')))
})

t.test('one that was cut short is begun anew, and of damaged data there is none', async (t) => {
  const dataDir = copy(t)
  const to = join(dataDir, 'copy')
  mkdirSync(to)
  writeFileSync(join(to, 'bars.mdb.partial'), 'half')
  const out = new Collect()
  await backup({ dataDir, to, out })
  t.strictSame(readdirSync(to), ['bars.mdb'])

  const damaged = copy(t)
  zeroPage(damaged, pagesOf(damaged).find(({ table, kind }) => table === 'bars' && kind === 'leaf')?.number as number)
  await t.rejects(backup({ dataDir: damaged, to: join(damaged, 'copy'), out }), { code: 'KLP_ERR_DAMAGED' })
  t.strictSame(readdirSync(join(damaged, 'copy')), [])

  const wrong = copy(t)
  const root = openRoot(join(wrong, 'bars.mdb'), WRITER)
  root.openDB('bars', BYTES_TO_BYTES).putSync(Buffer.from('key'), Buffer.from('value'))
  await root.close()
  const said = new Collect()
  await t.rejects(backup({ dataDir: wrong, to: join(wrong, 'copy'), out: said }), { message: 'The data are damaged, so there is no backup of them' })
  t.match(said.text, /^bars: page \d+: the key `key` is none\n$/)
  t.strictSame(readdirSync(join(wrong, 'copy')), [])
})
