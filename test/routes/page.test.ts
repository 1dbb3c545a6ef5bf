import t from 'tap'
import Fastify from 'fastify'
import { klinePush } from '../../src/index.ts'
import { serve } from '../../src/serve.ts'

t.test('the page is at /, with what it needs beside it and a policy that lets in nothing else', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(klinePush, { page: true, periods: ['5m', '1m'] })
  const page = await app.inject('/')
  t.match(page, { statusCode: 200, headers: { 'content-type': 'text/html; charset=utf-8', 'x-content-type-options': 'nosniff', 'content-security-policy': /^default-src 'none'; script-src 'self';/ } })
  const paths = [...page.body.matchAll(/(?:src|href)="([^":#]+)"/g)].map(([, path]) => path)
  t.strictSame(paths, ['page.css', 'page.js'])
  for (const path of paths) t.equal((await app.inject(`/${path}`)).statusCode, 200, path)
  t.strictSame((await app.inject('/page.json')).json(), { periods: ['1m', '5m'], maxHistory: 5000, metrics: false })
  t.equal((await app.inject('/../package.json')).statusCode, 404)
  t.equal((await app.inject('/%2e%2e/%2e%2e/package.json')).statusCode, 404)
  const { etag } = page.headers
  t.equal((await app.inject({ url: '/', headers: { 'if-none-match': String(etag) } })).statusCode, 304)
})

t.test('with a prefix it is below that, and the rest is the application\'s', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  app.get('/', async () => 'ours')
  await app.register(klinePush, { page: true, metrics: true, prefix: '/kl' })
  t.equal((await app.inject('/')).body, 'ours')
  t.match(await app.inject('/kl'), { statusCode: 302, headers: { location: '/kl/' } })
  t.match(await app.inject('/kl?a=1'), { statusCode: 302, headers: { location: '/kl/' } })
  t.match(await app.inject('/kl/'), { statusCode: 200, body: /<title>/ })
  t.match((await app.inject('/kl/page.json')).json(), { metrics: true })
})

t.test('unless it is asked for there is none', async (t) => {
  const app = await serve({ host: '127.0.0.1', port: 0, logger: false })
  t.teardown(() => app.close())
  for (const path of ['/', '/page.js', '/page.json']) t.equal((await app.inject(path)).statusCode, 404, path)
})
