import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { build } from './fixture/build.ts'
import { runBuilt } from './fixture/child.ts'
import { type Client, connect, connectTo } from './fixture/client.ts'
import { compile } from './fixture/compile.ts'
import { minute } from './fixture/minutes.ts'

// Of the server with short times: a peer is asked every PING_MS, and is dead after PONG_MS without an answer.
const PING_MS = 700
const PONG_MS = 1500

t.setTimeout(60_000)

const directory = t.testdir()
t.before(() => compile(directory, ['test/fixture/quick-server.ts']))

/** A subscriber far away: its answers to pings take this long. */
async function farAway (t: Test, url: string, ms: number): Promise<Client> {
  const client = await connectTo(t, url, { autoPong: false })
  client.webSocket.on('ping', async () => {
    await sleep(ms)
    if (client.webSocket.readyState !== client.webSocket.OPEN) return
    client.webSocket.pong()
    client.webSocket.emit('ponged')
  })
  client.send({ op: 'subscribe', args: ['a.1m'] })
  await nextOf(client, 'snapshot')
  return client
}

async function nextOf (client: Client, type: string): Promise<any> {
  for (;;) {
    const message = await client.next()
    if (message.type === type) return message
  }
}

t.test('a server that was stopped longer than a peer may be silent goes on with all its subscribers, and with what was posted meanwhile', async (t) => {
  const server = runBuilt(t, join(directory, 'dist/test/fixture/quick-server.js'))
  const [url] = await server.says(/ws:.*(?=\n)/)
  const clients = [await farAway(t, url, 0), await farAway(t, url, PING_MS / 2)]
  const post = async (place: number): Promise<number> => {
    const response = await fetch(`${url.replace('ws', 'http').replace(/ws$/, 'bars')}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(minute(place * 60_000, { symbol: 'a' })) })
    return response.status
  }
  t.equal(await post(0), 200)
  for (const client of clients) t.match(await nextOf(client, 'bar'), { seq: 1 })

  await once(clients[1].webSocket, 'ponged')
  await sleep(100) // the answer has been read, and the next question is not asked yet
  server.kill('SIGSTOP')
  const answer = post(1)
  await sleep(2 * PONG_MS)
  server.kill('SIGCONT')
  t.equal(await answer, 200)
  for (const client of clients) t.match(await nextOf(client, 'bar'), { seq: 2 })
  await sleep(1.5 * PONG_MS)
  for (const { webSocket } of clients) t.equal(webSocket.readyState, webSocket.OPEN)
  t.equal(await post(2), 200)
  for (const client of clients) t.match(await nextOf(client, 'bar'), { seq: 3 })
})

t.test('a subscriber that was stopped that long is let go, and when it goes on comes back and has missed nothing', async (t) => {
  const app = await build(t, { pingEveryMs: 100, pongTimeoutMs: PONG_MS })
  const subscribed = async (count: number): Promise<void> => { for (let tries = 0; tries < 1000 && app.klineHub.health().keys !== count; tries++) await sleep(10) }
  const bystander = await connect(t, app)
  bystander.send({ op: 'subscribe', args: ['b.1m'] })
  await bystander.take(2)
  const watcher = runBuilt(t, join(directory, 'dist/src/cli.js'), { args: ['watch', 'a.1m', '--url', `${app.listeningOrigin.replace('http', 'ws')}/ws`] })
  await subscribed(2)
  await app.klineHub.ingest(minute(0, { symbol: 'a' }))
  await watcher.says(/00:00/)

  watcher.kill('SIGSTOP')
  await subscribed(1)
  t.equal(app.klineHub.health().connections, 1)
  for (let place = 1; place < 5; place++) await app.klineHub.ingest([minute(place * 60_000, { symbol: 'a' }), minute(place * 60_000, { symbol: 'b' })])
  t.equal((await bystander.take(4)).length, 4)
  watcher.kill('SIGCONT')
  await watcher.says(/00:04/)
  t.strictSame([...watcher.out.matchAll(/(\d\d:\d\d)Z {2}a\.1m/g)].map(([, time]) => time), ['00:00', '00:01', '00:02', '00:03', '00:04'])
  watcher.kill('SIGINT')
  await once(watcher.process, 'exit')
})
