import t from 'tap'
import { connect } from '../../src/client/node.ts'
import type { ClientOptions } from '../../src/client/options.ts'
import { build } from '../fixture/build.ts'
import { minute } from '../fixture/minutes.ts'
import { until } from '../fixture/market.ts'

const KEY = 'BTCUSDT.1m'

/** A server that knows tokens `name` and `name expiresAt`, and lets nobody see a key of ETHUSDT. */
async function guarded (t: Parameters<typeof build>[0]) {
  const app = await build(t, {
    verifyToken (token) {
      const [id, expiresAt] = token.split(' ')
      if (id === 'nobody') throw new Error('unknown')
      return { id, ...(expiresAt === undefined ? undefined : { expiresAt: Number(expiresAt) }) }
    },
    authorize: (_, key) => !key.startsWith('ETHUSDT'),
  })
  await app.klineHub.ingest(minute(0))
  const start = (options: ClientOptions) => {
    const client = connect(`${app.listeningOrigin}/ws`, { firstRetryMs: 50, ...options })
    t.teardown(() => { client.close() })
    return client
  }
  return { app, start }
}

t.test('a client that has a token is let in, and reads with it', async (t) => {
  const { start } = await guarded(t)
  const client = start({ token: async () => 'ada' })
  const series = client.series(KEY)
  await series.ready
  t.strictSame(await client.read({ key: KEY }), series.bars)
  await t.rejects(client.series('ETHUSDT.1m').ready, { code: 'FORBIDDEN' })
  t.equal(client.state, 'live')
})

t.test('a client without one is sent away for good, and so is one whose second token is no better', async (t) => {
  const { start } = await guarded(t)
  const series = start({}).series(KEY)
  await t.rejects(series.ready, { code: 'UNAUTHENTICATED' })
  let asked = 0
  const client = start({ token: () => { asked++; return 'nobody' } })
  await t.rejects(client.series(KEY).ready, { code: 'CLOSED', message: /4001/ })
  t.equal(asked, 2)
  t.equal(client.state, 'closed')
})

t.test('a token that expires is renewed on the connection, which stays', async (t) => {
  const { app, start } = await guarded(t)
  let asked = 0
  const client = start({ token: () => { asked++; return `ada ${Date.now() + 400}` } })
  const states: string[] = []
  client.on('state', ({ state }) => { states.push(state) })
  const series = client.series(KEY)
  await until(() => asked >= 4)
  await app.klineHub.ingest(minute(60_000))
  await until(() => series.bars.length === 2 || series.bars.at(-1)?.time === 60_000)
  t.strictSame(states, ['catching-up', 'live'])
})

t.test('a token that is not renewed in time is replaced on the next connection, which goes on', async (t) => {
  const { app, start } = await guarded(t)
  let asked = 0
  const client = start({
    async token () {
      if (++asked === 2) throw new Error('none to be had')
      return asked === 1 ? `ada ${Date.now() + 300}` : 'ada'
    },
  })
  const codes: (number | undefined)[] = []
  client.on('state', ({ state, code }) => { if (state === 'stale') codes.push(code) })
  const series = client.series(KEY)
  await until(() => asked === 3 && client.state === 'live')
  await app.klineHub.ingest(minute(60_000))
  await until(() => series.bars.length === 2)
  t.strictSame(codes, [4203])
})
