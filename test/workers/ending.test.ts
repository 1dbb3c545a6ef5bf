import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import t from 'tap'
import { runSource } from '../fixture/child.ts'
import { minutes, post, startTeam, subscribers } from '../fixture/team.ts'

t.setTimeout(240_000)

t.test('an owner that is told to go goes as a server does, and the next one takes its place', async (t) => {
  const { child, url, pid } = await startTeam(t)
  const halves = Array.from({ length: 8 }, () => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    socket.write('POST /bars HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n[')
    socket.on('error', () => {})
    t.teardown(() => { socket.destroy() })
    return socket
  })
  await Promise.all(halves.map(async (socket) => { await once(socket, 'connect') }))
  process.kill(await pid('owner'), 'SIGTERM')
  await child.says(/"role":"owner","code":0,"signal":null,"msg":"a worker died"/)
  await pid('owner', 2)
  let status = 0
  for (let tries = 0; status !== 200 && tries < 500; tries++) {
    if (tries > 0) await new Promise((resolve) => { setTimeout(resolve, 20) })
    status = (await post(url, minutes(0))).status
  }
  t.equal(status, 200)
})

t.test('a worker that is killed before it listens is one that died, and no more', async (t) => {
  if (!existsSync('/proc/self/task')) return t.comment('no way to tell the workers')
  const child = runSource(t, 'src/server.ts', { env: { HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'info', DATA_DIR: t.testdir(), WORKERS: '2' } })
  await child.says(/"role":"owner","msg":"a worker listens"/)
  const { pid } = child.process
  let workers: string[] = []
  while (workers.length < 2) workers = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ')
  process.kill(Number(workers[1]), 'SIGKILL')
  await child.says(/"role":"follower","code":null,"signal":"SIGKILL","msg":"a worker died"/)
  await child.says(/"role":"follower","msg":"a worker listens"/)
  child.kill('SIGTERM')
  t.match(await child.ended, { code: 0 })
})

t.test('a worker that hangs does not hold up the end for ever', async (t) => {
  const { child, pid } = await startTeam(t)
  process.kill(await pid('follower'), 'SIGSTOP')
  child.kill('SIGTERM')
  t.match(await child.ended, { code: 0 })
})

t.test('Ctrl-C, which a terminal sends to every process, is one goodbye', async (t) => {
  const { child, url, pid } = await startTeam(t)
  const all = await subscribers(t, url)
  for (const process of [await pid('owner'), await pid('follower'), child.process.pid as number]) globalThis.process.kill(process, 'SIGINT')
  t.strictSame(await child.ended, { code: 0, signal: null }, child.err)
  for (const { client } of all) t.match(await client.closed, { code: 1001 })
})

t.test('where the first worker can not start, all end with 1 and its reason', async (t) => {
  const child = runSource(t, 'src/server.ts', { env: { HOST: '192.0.2.1', PORT: '0', PRODUCER_TOKENS: 'x', DATA_DIR: t.testdir(), WORKERS: '3' } })
  t.match(await child.ended, { code: 1 })
  t.match(child.err, /kline-push: .*EADDRNOTAVAIL/)
})
