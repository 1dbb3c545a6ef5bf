import t from 'tap'
import Fastify from 'fastify'
import { klinePush, type KlinePushOptions } from '../src/index.ts'
import { isLoopback } from '../src/loopback.ts'
import { checkOptions } from '../src/check-options.ts'
import { DEFAULTS } from '../src/options.ts'
import { serverSettings } from '../src/settings.ts'

t.test('what is left out or undefined has its default', async (t) => {
  t.strictSame(checkOptions({}), DEFAULTS)
  t.strictSame(checkOptions({ memoryBars: undefined } as unknown as KlinePushOptions), DEFAULTS)
  t.equal(checkOptions({ memoryBars: 7 }).memoryBars, 7)
  for (const closeGraceMs of ['off', 0, 60_000] as const) t.equal(checkOptions({ closeGraceMs }).closeGraceMs, closeGraceMs)
  const retainDays = { '1m': 2, '12h': 2, '1d': 62, '1M': 3650, '1w': Infinity }
  t.equal(checkOptions({ retainDays }).retainDays, retainDays)
})

t.test('a bad option is refused with its name and value', async (t) => {
  const cases: [object, RegExp][] = [
    [{ memoryBars: 0 }, /`memoryBars`.*from 1.*`0`/],
    [{ heartbeatMs: '30' }, /`heartbeatMs`.*`"30"` \(string\)/],
    [{ heartbeatMs: 2 ** 31 }, /`heartbeatMs`.*to 2147483647.*`2147483648`/],
    [{ maxHistory: 1.5 }, /`maxHistory`.*`1.5`/],
    [{ maxBadFrames: NaN }, /`maxBadFrames`.*`NaN`/],
    [{ maxBodyBytes: null }, /`maxBodyBytes`.*`null`/],
    [{ dataDir: '' }, /`dataDir`.*a path.*`""`/],
    [{ dataDir: 3 }, /`dataDir`.*`3`/],
    [{ dataDir: 'a\0b' }, /`dataDir`/],
    [{ prefix: 'kline' }, /`prefix`.*slash.*`"kline"`/],
    [{ periods: '1m' }, /`periods`.*an array.*`"1m"`/],
    [{ periods: ['1m', '7m'] }, /`periods`.*`"7m"`/],
    [{ calendar: {} }, /`calendar`/],
    [{ calendar: null }, /`calendar`.*`null`/],
    [{ pingEveryMs: 50_000 }, /`pingEveryMs`.*less than `pongTimeoutMs` \(50000\).*`50000`/],
    [{ deflate: 'on' }, /`deflate`.*true or false.*`"on"`/],
    [{ docs: 1 }, /`docs`.*true or false.*`1`/],
    [{ page: 'on' }, /`page`.*true or false.*`"on"`/],
    [{ maxKeys: 1 }, /no option `maxKeys`/],
    [{ closeGraceMs: -1 }, /`closeGraceMs`.*from 0 to 2147483647, or 'off'.*`-1`/],
    [{ closeGraceMs: 1.5 }, /`closeGraceMs`.*`1.5`/],
    [{ closeGraceMs: 2 ** 31 }, /`closeGraceMs`.*`2147483648`/],
    [{ prefix: '/kline/' }, /`prefix`.*`"\/kline\/"`/],
    [{ prefix: '/' }, /`prefix`.*`"\/"`/],
    [{ closeGraceMs: 'never' }, /`closeGraceMs`.*`"never"`/],
    [{ keepEvents: 0 }, /`keepEvents`.*from 1.*`0`/],
    [{ retainDays: 90 }, /`retainDays`.*an object.*`90`/],
    [{ retainDays: null }, /`retainDays`.*an object.*`null`/],
    [{ retainDays: { '7m': 90 } }, /`retainDays`.*1m 3m 5m.*`"7m"`/],
    [{ retainDays: { '1m': 1 } }, /`retainDays\['1m'\]`.*from 2 up.*`1`/],
    [{ retainDays: { '5m': '90' } }, /`retainDays\['5m'\]`.*`"90"`/],
    [{ retainDays: { '1d': 61 } }, /`retainDays\['1d'\]`.*from 62 up.*`61`/],
    [{ producerTokens: 'secret' }, /`producerTokens`.*an array/],
    [{ producerTokens: ['good', 'a b'] }, /^Expected `producerTokens\[1\]` to be a string of letters, digits and -\._~\+\/=$/],
    [{ producerTokens: [''] }, /`producerTokens\[0\]`/],
    [{ verifyToken: 'x' }, /`verifyToken`.*a function.*`"x"`/],
    [{ authenticate: null }, /`authenticate`.*a function.*`null`/],
    [{ authorize: () => true }, /`authorize` to come with `authenticate` or `verifyToken`/],
    [{ origins: 'https://a.example' }, /`origins`.*an array/],
    [{ origins: ['https://a.example/'] }, /`origins`.*https:\/\/charts\.example, or \*.*`"https:\/\/a\.example\/"`/],
    [{ origins: [7] }, /`origins`.*`7`/],
    [{ origins: ['charts'] }, /`origins`.*`"charts"`/],
    [{ maxConnections: Infinity }, /`maxConnections`.*to 9007199254740991, got `Infinity`/],
    [{ maxConnectionsPerAddress: 0 }, /`maxConnectionsPerAddress`.*, or Infinity, got `0`/],
    [{ retainDays: { '12h': 30 }, periods: ['12h', '1M'] }, /`retainDays\['12h'\]`.*from 62 up.*`30`/],
  ]
  for (const [options, message] of cases) t.throws(() => checkOptions(options as KlinePushOptions), { name: 'KlineError', code: 'KLP_ERR_OPTION', message })
})

t.test('registration fails with a bad option', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await t.rejects(async () => { await app.register(klinePush, { memoryBars: -1 }) }, { code: 'KLP_ERR_OPTION', message: /`memoryBars`.*`-1`/ })
})

t.test('only the periods that were asked for are offered, and 1m always is', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(klinePush, { periods: ['1h'] })
  await app.ready()
  for (const key of ['a.1m', 'a.1h']) app.klineHub.subscribe(key, () => {})()
  t.throws(() => app.klineHub.subscribe('a.5m', () => {}), { code: 'KLP_ERR_KEY', message: /1m 1h, got `5m`/ })
})

t.test('the server reads its settings from the environment', async (t) => {
  t.strictSame(serverSettings({}), { host: '127.0.0.1', port: 3000, dataDir: './data', workers: 1, warmUp: true, docs: true, page: true, metrics: true, origins: [], logger: { level: 'info', stream: process.stdout } })
  t.strictSame(serverSettings({ HOST: '::', PORT: '0', DATA_DIR: '/d', LOG_LEVEL: 'silent', WARM_UP: 'off', DOCS: 'off', PAGE: 'off' }), { host: '::', port: 0, dataDir: '/d', workers: 1, warmUp: false, docs: false, page: false, metrics: true, origins: [], logger: { level: 'silent', stream: process.stdout } })
  t.match(serverSettings({ CLOSE_GRACE_MS: '0', KEEP_EVENTS: '50', RETAIN_DAYS: '1m=90, 1h=730.5' }), { closeGraceMs: 0, keepEvents: 50, retainDays: { '1m': 90, '1h': 730.5 } })
  t.match(serverSettings({ METRICS: 'off', METRICS_TOKENS: 'one, another' }), { metrics: false, metricsTokens: ['one', 'another'] })
  t.match(serverSettings({ CLOSE_GRACE_MS: 'off', DEFLATE: 'on' }), { closeGraceMs: 'off', deflate: true })
  t.throws(() => serverSettings({ DEFLATE: 'yes' }), { code: 'KLP_ERR_OPTION', message: 'Expected `DEFLATE` to be on or off, got `"yes"` (string)' })
  for (const [name, value] of [['CLOSE_GRACE_MS', 'on'], ['CLOSE_GRACE_MS', '-1'], ['KEEP_EVENTS', 'all'], ['RETAIN_DAYS', '90'], ['RETAIN_DAYS', '1m=90;1h=3']]) {
    t.throws(() => serverSettings({ [name]: value }), { code: 'KLP_ERR_OPTION', message: new RegExp(`\`${name}\`.*\`"${value}"\``) })
  }
  for (const PORT of ['http', '-1', '65536', '', '1.5']) t.throws(() => serverSettings({ PORT }), { code: 'KLP_ERR_OPTION', message: new RegExp(`\`PORT\`.*\`"${PORT}"\``) })
  t.equal(serverSettings({ WORKERS: '32' }).workers, 32)
  for (const WORKERS of ['0', 'all', '1.5', '-1', '33', '100']) t.throws(() => serverSettings({ WORKERS }), { code: 'KLP_ERR_OPTION', message: new RegExp(`\`WORKERS\`.*\`"${WORKERS}"\``) })
  t.throws(() => serverSettings({ WARM_UP: 'no' }), { code: 'KLP_ERR_OPTION', message: 'Expected `WARM_UP` to be on or off, got `"no"` (string)' })
  t.match(serverSettings({ PRODUCER_TOKENS: ' a, b,', ORIGINS: 'https://a.example', TRUST_PROXY: 'loopback, 10.0.0.0/8,::1', MAX_CONNECTIONS: '5', MAX_FRAMES_PER_SECOND: '7' }), {
    producerTokens: ['a', 'b'],
    origins: ['https://a.example'],
    trustProxy: ['loopback', '10.0.0.0/8', '::1'],
    maxConnections: 5,
    maxFramesPerSecond: 7,
  })
  for (const TRUST_PROXY of ['1', 'all', '10.0.0.0/x']) t.throws(() => serverSettings({ TRUST_PROXY }), { code: 'KLP_ERR_OPTION', message: new RegExp(`\`TRUST_PROXY\`.*\`"${TRUST_PROXY}"\``) })
  t.throws(() => serverSettings({ MAX_SYMBOLS: 'many' }), { code: 'KLP_ERR_OPTION', message: /`MAX_SYMBOLS`.*from 1 up.*`"many"`/ })
  t.throws(() => serverSettings({ DOCS: 'no' }), { code: 'KLP_ERR_OPTION', message: 'Expected `DOCS` to be on or off, got `"no"` (string)' })
  t.throws(() => serverSettings({ LOG_LEVEL: 'loud' }), { code: 'KLP_ERR_OPTION', message: /`LOG_LEVEL`.*`"loud"`/ })
})

t.test('the server reads how tokens are signed, and never says a secret', async (t) => {
  const secret = 'a secret of thirty-two characters'
  const dir = t.testdir({ 'public.pem': 'a key' })
  t.strictSame(serverSettings({ JWT_SECRET: secret }).jwt, { secret })
  t.strictSame(serverSettings({ JWT_PUBLIC_KEY_FILE: `${dir}/public.pem`, JWT_AUDIENCE: 'us', JWT_ISSUER: 'them' }).jwt, { publicKey: 'a key', audience: 'us', issuer: 'them' })
  for (const alone of [{ JWT_AUDIENCE: 'us' }, { JWT_ISSUER: 'them' }]) t.throws(() => serverSettings(alone), { code: 'KLP_ERR_OPTION', message: /`JWT_AUDIENCE` and `JWT_ISSUER` to come with/ })
  t.throws(() => serverSettings({ JWT_SECRET: 'short' }), { code: 'KLP_ERR_OPTION', message: 'Expected `JWT_SECRET` to have 32 characters or more' })
  t.throws(() => serverSettings({ JWT_SECRET: secret, JWT_PUBLIC_KEY_FILE: 'x' }), { code: 'KLP_ERR_OPTION', message: 'Expected only one of `JWT_SECRET` and `JWT_PUBLIC_KEY_FILE`' })
  t.throws(() => serverSettings({ JWT_PUBLIC_KEY_FILE: `${dir}/none.pem` }), { code: 'KLP_ERR_OPTION', message: /`JWT_PUBLIC_KEY_FILE`.*none\.pem/ })
})

t.test('only what this machine alone reaches counts as loopback', async (t) => {
  for (const host of ['localhost', '127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1']) t.ok(isLoopback(host), host)
  for (const host of ['0.0.0.0', '::', '10.0.0.1', 'example.org', '', 'fe80::1', '128.0.0.1']) t.notOk(isLoopback(host), host)
})
