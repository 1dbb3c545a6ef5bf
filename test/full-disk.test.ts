import { spawnSync } from 'node:child_process'
import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { serve } from '../src/serve.ts'
import { type Child, runSource } from './fixture/child.ts'
import { connect } from './fixture/client.ts'
import { fillDisk, mountSmallDisk } from './fixture/disks.ts'

t.test('on a full disk bars are refused with 503 and not pushed, and taken again once there is room', async (t) => {
  const directory = mountSmallDisk(t, 3)
  if (directory === undefined) {
    t.comment('no right to mount a small disk')
    return
  }
  const app = await serve({ host: '127.0.0.1', port: 0, dataDir: `${directory}/data`, logger: false })
  t.teardown(() => app.close())
  const client = await connect(t, app)
  client.send({ op: 'subscribe', args: ['A.1m'] })
  await client.take(2)
  const post = (minute: number, symbols = ['A']) => app.inject({
    method: 'POST',
    url: '/bars',
    payload: symbols.map((symbol) => ({ symbol, time: minute * 60_000, open: 1, high: 2, low: 1, close: 2, volume: 1 })),
  })
  const many = ['A', ...Array.from({ length: 500 }, (_, i) => `S${i}`)]

  t.equal((await post(0)).statusCode, 200)
  t.match(await client.next(), { type: 'bar', seq: 1, bar: { time: 0 } })

  fillDisk(`${directory}/fill`)
  const refused = await post(1, many)
  t.equal(refused.statusCode, 503)
  t.match(refused.json(), { code: 'KLP_ERR_NOT_STORED' })
  t.equal(app.klineHub.klines({ symbol: 'A', period: '1m' }).bars.length, 1, 'nothing of it can be read')
  t.strictSame(app.klineHub.symbols().map(({ symbol }) => symbol), ['A'])

  rmSync(`${directory}/fill`)
  t.equal((await post(2, many)).statusCode, 200)
  t.match(await client.next(), { type: 'bar', seq: 2, bar: { time: 120_000 } }, 'what was refused was not pushed')
})

t.test('a write that fails although the disk seemed to have room is refused with 503 and ends the server, which takes the bars when it is started again', async (t) => {
  const dataDir = t.testdir()
  const start = async (): Promise<{ server: Child, post (minute: number, count: number): Promise<{ status: number, body: unknown }> }> => {
    const server = runSource(t, 'test/fixture/limited-server.ts', { args: [dataDir] })
    const [, url] = await server.says(/Server listening at (http[^"]+)/)
    return {
      server,
      async post (minute, count) {
        const bars = Array.from({ length: count }, (_, i) => ({ symbol: `S${i}`, time: minute * 60_000, open: 1, high: 2, low: 1, close: 2, volume: 1 }))
        const response = await fetch(`${url}/bars`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(bars) })
        return { status: response.status, body: await response.json() }
      },
    }
  }
  const { server, post } = await start()
  const limitFiles = (size: string): boolean => spawnSync('prlimit', ['--pid', String(server.process.pid), `--fsize=${size}:`]).status === 0
  t.equal((await post(0, 1)).status, 200)
  if (!limitFiles(String(statSync(join(dataDir, 'bars.mdb')).size))) {
    t.comment('no way to limit how long files get')
    return
  }
  t.match(await post(1, 5000), { status: 503, body: { code: 'KLP_ERR_NOT_STORED' } })
  limitFiles('unlimited')
  t.strictSame(await server.ended, { code: 1, signal: null })
  t.match(server.out, /File too large/)
  const again = await start()
  t.match(await again.post(0, 1), { status: 200, body: { accepted: 0, duplicates: 1 } })
  t.match(await again.post(1, 5000), { status: 200, body: { accepted: 5000, duplicates: 0 } })
  again.server.kill('SIGTERM')
  t.match(await again.server.ended, { code: 0 })
})

t.test('a server that can not listen gives its data directory back', async (t) => {
  const dataDir = t.testdir()
  const first = await serve({ host: '127.0.0.1', port: 0, logger: false })
  t.teardown(() => first.close())
  const { port } = first.server.address() as { port: number }
  await t.rejects(serve({ host: '127.0.0.1', port, dataDir, logger: false }), { code: 'EADDRINUSE' })
  const second = await serve({ host: '127.0.0.1', port: 0, dataDir, logger: false })
  t.equal(second.klineHub.health().status, 'ok')
  await second.close()
})
