import t, { type Test } from 'tap'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from '../../src/client/node.ts'
import { build } from '../fixture/build.ts'
import { run } from '../fixture/minutes.ts'

async function answer (t: Test, listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => { server.close() })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/kline/ws`
}

t.test('older bars are read from the same server', async (t) => {
  const app = await build(t, { prefix: '/kline' })
  await app.klineHub.ingest(run(10, { symbol: 'SHFE.a&b' }))
  const client = connect(`${app.listeningOrigin}/kline/ws`)
  t.teardown(() => { client.close() })
  const { bars } = app.klineHub.klines({ symbol: 'SHFE.a&b', period: '1m' })
  t.strictSame(await client.read({ key: 'SHFE.a&b.1m' }), bars)
  t.strictSame(await client.read({ key: 'SHFE.a&b.1m', end: 300_000, limit: 2 }), bars.slice(3, 5))
  t.strictSame(await client.read({ key: 'SHFE.a&b.1m', start: 300_000, limit: 2 }), bars.slice(5, 7))
  await t.rejects(client.read({ key: 'SHFE.a&b.7m' }), { name: 'KlineClientError', code: 'KLP_ERR_QUERY', message: /period/ })
})

t.test('whoever has a token reads with it', async (t) => {
  const paths: unknown[] = []
  const url = await answer(t, ({ url, headers: { authorization } }, response) => {
    paths.push(url, authorization)
    response.end('{"bars":[]}')
  })
  const client = connect(url, { token: () => 'secret' })
  t.teardown(() => { client.close() })
  t.strictSame(await client.read({ key: 'rb2601.1m' }), [])
  t.strictSame(paths.slice(-2), ['/kline/klines?symbol=rb2601&period=1m', 'Bearer secret'])
})

t.test('an answer that is none of ours is an error that says so', async (t) => {
  const url = await answer(t, (_, response) => { response.writeHead(502).end('<html>') })
  const client = connect(url)
  t.teardown(() => { client.close() })
  await t.rejects(client.read({ key: 'rb2601.1m' }), { code: 'NOT_READ', message: /^http:\S+\/kline\/klines\?symbol=rb2601&period=1m answered 502$/ })
})
