import t, { type Test } from 'tap'
import Fastify, { type FastifyServerOptions } from 'fastify'
import { withoutToken } from '../../plugins/redaction.ts'
import { klinePush } from '../../src/index.ts'
import { connect } from '../fixture/client.ts'

const SECRET = 'hush-hush'

t.test('an address loses its query only where that has a token', async (t) => {
  for (const url of ['/ws', '/klines?symbol=a&period=1m', '/klines?', '/token', '/klines?symbol=tok']) t.equal(withoutToken(url), url)
  for (const query of [`?token=${SECRET}`, `?a=1&token=${SECRET}&b=2`, `?%74%6fken=${SECRET}`, `?access_token=${SECRET}`, `?TOKEN=${SECRET}?x`, `#token=${SECRET}`, `;token=${SECRET}`, `?a=%&token=${SECRET}`]) {
    t.equal(withoutToken(`/ws${query}`), '/ws?token=…', query)
  }
})

/** The lines of an application that logs each request, after a subscriber and two requests with a token. */
async function logged (t: Test, logger: FastifyServerOptions['logger'], options: object = {}): Promise<any[]> {
  const lines: string[] = []
  const app = Fastify({ logger: typeof logger === 'object' ? { ...logger, level: 'trace', stream: { write (line: string) { lines.push(line) } } } : logger } as FastifyServerOptions)
  t.teardown(() => app.close())
  await app.register(klinePush, { metrics: true, metricsTokens: [SECRET], ...options })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const client = await connect(t, app, `/ws?token=${SECRET}`)
  await client.ask({ op: 'ping' })
  await app.inject({ url: `/klines?symbol=a&period=7m&token=${SECRET}`, headers: { authorization: `Bearer ${SECRET}` } })
  await app.inject({ url: '/metrics', headers: { authorization: `Bearer ${SECRET}` } })
  await app.close()
  t.notOk(lines.join('').includes(SECRET), lines.find((line) => line.includes(SECRET)) ?? 'no line has the token')
  return lines.map((line) => JSON.parse(line))
}

t.test('in an application that logs its requests no token gets into the log, and all else does', async (t) => {
  const incoming = (await logged(t, {})).filter(({ msg }) => msg === 'incoming request')
  t.match(incoming, [
    { req: { method: 'GET', url: '/ws?token=…', remoteAddress: '127.0.0.1' } },
    { req: { method: 'GET', url: '/klines?token=…' } },
    { req: { method: 'GET', url: '/metrics' } },
  ])
})

t.test('serializers of the application are used as ever', async (t) => {
  const req = (request: { url: string, originalUrl: string, headers: { host: string } }) => `${request.url} ${request.originalUrl} ${request.headers.host.replace(/:\d+$/, '')}`
  const requestsOf = async (logger: object, options?: object) => (await logged(t, logger, options)).flatMap(({ req }) => req ?? [])
  const expected = ['/ws?token=… /ws?token=… 127.0.0.1', '/klines?token=… /klines?token=… localhost', '/metrics /metrics localhost']
  t.strictSame(await requestsOf({ serializers: { req } }), expected)
  t.strictSame(await requestsOf({}, { logSerializers: { req } }), expected)
})

t.test('without a log there is nothing to hide', async (t) => {
  t.strictSame(await logged(t, false), [])
})
