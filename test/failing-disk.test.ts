import { rmSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { serve } from '../src/serve.ts'
import { type Child, runBuilt, runSource } from './fixture/child.ts'
import { type Client, connectTo } from './fixture/client.ts'
import { compile } from './fixture/compile.ts'
import { fillDisk, mountThinDisk } from './fixture/disks.ts'
import { buildFailingDisk, type FailingDisk, type Fault } from './fixture/failing-disk.ts'
import { minute } from './fixture/minutes.ts'

t.setTimeout(120_000)

const directory = t.testdir()
const server = join(directory, 'dist/src/server.js')
const disk = buildFailingDisk(directory)
const skip = disk === undefined && 'no compiler that makes a disk fail on this system'

t.before(() => compile(directory, []))

interface Server { readonly child: Child, readonly url: string }

async function start (t: Test, dataDir: string, env: Readonly<Record<string, string>>): Promise<Server> {
  const child = runBuilt(t, server, { env: { HOST: '127.0.0.1', PORT: '0', CLOSE_GRACE_MS: 'off', DATA_DIR: dataDir, ...env } })
  const [, url] = await child.says(/Server listening at (http[^"]+)/)
  return { child, url }
}

async function post (url: string, place: number, count = 1): Promise<{ status: number, body: any }> {
  const body = JSON.stringify(Array.from({ length: count }, (_, i) => minute(place * 60_000, { symbol: i === 0 ? 'a' : `b${i}` })))
  const response = await fetch(`${url}/bars`, { method: 'POST', headers: { 'content-type': 'application/json', connection: 'close' }, body })
  return { status: response.status, body: await response.json() }
}

/** Which minutes a server that starts on the directory has. */
async function shown (dataDir: string): Promise<number[]> {
  const app = await serve({ host: '127.0.0.1', port: 0, dataDir, logger: false })
  const { bars } = app.klineHub.klines({ symbol: 'a', period: '1m' })
  await app.close()
  return bars.map(({ time }) => time / 60_000)
}

for (const fault of ['data', 'meta'] satisfies Fault[]) {
  t.test(`a commit that the disk does not make durable (${fault}) is refused to all who wait and pushed to nobody; the server goes down, and started again has all that it acknowledged`, { skip }, async (t) => {
    const { fail, recover, env } = disk as FailingDisk
    const dataDir = t.testdir()
    const { child, url } = await start(t, dataDir, env)
    const client = await connectTo(t, `${url.replace('http', 'ws')}/ws`)
    client.send({ op: 'subscribe', args: ['a.1m'] })
    await client.take(2)
    t.match(await post(url, 0), { status: 200 })
    t.match(await client.next(), { type: 'bar', seq: 1 })

    fail(fault)
    const answers = await Promise.allSettled([1, 2, 3, 4, 5].map((place) => post(url, place)))
    // Whoever comes while it goes down is told so, or finds nobody.
    const codes = answers.map((answer) => answer.status === 'fulfilled' ? `${answer.value.status} ${answer.value.body.code}` : 'gone')
    t.ok(codes.every((code) => ['503 KLP_ERR_NOT_STORED', '503 KLP_ERR_CLOSED', 'gone'].includes(code)), codes.join())
    t.ok(codes.includes('503 KLP_ERR_NOT_STORED'))
    t.match(await client.closed, { code: 1001 }, 'its subscribers are told to come back')
    t.strictSame(client.left().map(({ type }) => type), ['notice'], 'and were pushed nothing of it')
    t.strictSame(await child.ended, { code: 1, signal: null })
    t.match(child.out, /can't be written by this process any more.*start/)
    recover()

    const survived = await shown(dataDir)
    t.equal(survived[0], 0)
    if (fault === 'data') t.strictSame(survived, [0])
    const again = await start(t, dataDir, env)
    for (let place = 0; place < 6; place++) t.match(await post(again.url, place), { status: 200, body: survived.includes(place) ? { duplicates: 1 } : { accepted: 1 } })
    again.child.kill('SIGKILL')
    await again.child.ended
    t.strictSame(await shown(dataDir), [0, 1, 2, 3, 4, 5])
  })
}

t.test('whatever made a commit fail, its producer is told and the server ends with 1', async (t) => {
  const child = runSource(t, 'test/fixture/broken-server.ts', { args: [t.testdir()] })
  const [, url] = await child.says(/Server listening at (http[^"]+)/)
  t.match(await post(url, 0), { status: 200 })
  t.match(await post(url, 1), { status: 503, body: { code: 'KLP_ERR_NOT_STORED' } })
  t.strictSame(await child.ended, { code: 1, signal: null })
  t.match(child.out, /can't be written by this process any more/)
})

t.test('a server does not start on a disk that makes nothing durable, and says why', { skip }, async (t) => {
  const { fail, recover, env } = disk as FailingDisk
  fail('data')
  await t.rejects(start(t, t.testdir(), env), /kline-push: Input\/output error/)
  recover()
})

t.test('with more than one process the one that keeps the bars is started again by itself, and the others go on', { skip }, async (t) => {
  const { fail, recover, env } = disk as FailingDisk
  const { child, url } = await start(t, t.testdir(), { ...env, WORKERS: '2', LOG_LEVEL: 'info' })
  const [, owner] = await child.says(/"worker":(\d+),"role":"owner","msg":"a worker listens"/)
  await child.says(/"role":"follower","msg":"a worker listens"/)
  const clients: Client[] = []
  for (let elsewhere = 0; elsewhere === 0 && clients.length < 100;) {
    const client = await connectTo(t, `${url.replace('http', 'ws')}/ws`)
    client.send({ op: 'subscribe', args: ['a.1m'] })
    await client.take(2)
    clients.push(client)
    const health: any = await (await fetch(`${url}/health`, { headers: { connection: 'close' } })).json()
    if (health.pid !== Number(owner)) elsewhere = health.connections
  }
  t.match(await post(url, 0), { status: 200 })
  for (const client of clients) t.match(await client.next(), { type: 'bar', seq: 1 })

  fail('data')
  t.match(await post(url, 1), { status: 503, body: { code: 'KLP_ERR_NOT_STORED' } })
  recover()
  await child.says(/(?:"role":"owner","msg":"a worker listens"[^]*?){2}/)
  let status = 0
  for (let tries = 0; status !== 200 && tries < 500; tries++) status = (await post(url, 1)).status
  const left = clients.filter(({ webSocket }) => webSocket.readyState === webSocket.OPEN)
  t.ok(left.length > 0)
  for (const client of left) t.match(await client.next(), { type: 'bar', seq: 2, bar: { time: 60_000 } })
})

t.test('on a disk that has promised more than there is the same holds, with what the system does of its own', async (t) => {
  const thin = mountThinDisk(t)
  if (thin === undefined) {
    t.comment('no right to mount such a disk')
    return
  }
  const dataDir = join(thin.disk, 'data')
  const { child, url } = await start(t, dataDir, {})
  t.match(await post(url, 0), { status: 200 })
  fillDisk(join(thin.backing, 'fill'))
  t.match(await post(url, 1, 5000), { status: 503, body: { code: 'KLP_ERR_NOT_STORED' } })
  t.strictSame(await child.ended, { code: 1, signal: null })
  rmSync(join(thin.backing, 'fill'))
  const again = await start(t, dataDir, {})
  t.match(await post(again.url, 0), { status: 200, body: { duplicates: 1 } })
  t.match(await post(again.url, 1, 5000), { status: 200, body: { accepted: 5000 } })
  t.match(await post(again.url, 2), { status: 200, body: { accepted: 1 } })
  again.child.kill('SIGKILL')
  await again.child.ended
  t.strictSame(await shown(dataDir), [0, 1, 2])
})
