import t from 'tap'
import Fastify from 'fastify'
import { klinePush } from '../../src/index.ts'
import { build } from '../fixture/build.ts'
import { connect } from '../fixture/client.ts'

t.test('a server that goes down says so to whoever balances the load, and is still alive', async (t) => {
  const app = Fastify({ return503OnClosing: false })
  t.teardown(() => app.close())
  await app.register(klinePush, { prefix: '/k' })
  const ask = async (path: string) => {
    const response = await fetch(`${app.listeningOrigin}/k/health${path}`)
    return { status: response.status, body: await response.json() }
  }
  const seen: object[] = []
  app.addHook('preClose', async () => { seen.push(await ask('/ready'), await ask('/live'), await ask('')) })
  await app.listen({ host: '127.0.0.1', port: 0 })
  t.strictSame([await ask('/ready'), await ask('/live')], [{ status: 200, body: { status: 'ok' } }, { status: 200, body: { status: 'ok' } }])
  await app.close()
  t.match(seen, [{ status: 503, body: { status: 'closing' } }, { status: 200, body: { status: 'ok' } }, { status: 200, body: { status: 'closing' } }])
})

t.test('those who are sent away come back spread over the window', async (t) => {
  const app = await build(t, { retryWindowMs: 60_000 })
  const clients = []
  for (let i = 0; i < 20; i++) clients.push(await connect(t, app))
  await app.close()
  const delays: number[] = []
  for (const client of clients) {
    t.match(await client.closed, { code: 1001 })
    delays.push(client.left()[0].retryMs)
  }
  t.ok(delays.every((delay) => delay >= 500 && delay < 60_500))
  t.ok(Math.max(...delays) - Math.min(...delays) > 10_000, 'twenty of them are never that close by chance: 20 × (1/6)^19')
})
