import t from 'tap'
import Fastify from 'fastify'
import { klinePush, type KlinePushOptions } from '../src/index.ts'
import { checkOptions, DEFAULTS } from '../src/options.ts'
import { serverSettings } from '../src/settings.ts'

t.test('what is left out or undefined has its default', async (t) => {
  t.strictSame(checkOptions({}), DEFAULTS)
  t.strictSame(checkOptions({ memoryBars: undefined } as unknown as KlinePushOptions), DEFAULTS)
  t.equal(checkOptions({ memoryBars: 7 }).memoryBars, 7)
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
    [{ maxKeys: 1 }, /no option `maxKeys`/],
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
  t.strictSame(serverSettings({}), { host: '127.0.0.1', port: 3000, dataDir: './data', logger: { level: 'info' } })
  t.strictSame(serverSettings({ HOST: '::', PORT: '0', DATA_DIR: '/d', LOG_LEVEL: 'silent' }), { host: '::', port: 0, dataDir: '/d', logger: { level: 'silent' } })
  for (const PORT of ['http', '-1', '65536', '', '1.5']) t.throws(() => serverSettings({ PORT }), { code: 'KLP_ERR_OPTION', message: new RegExp(`\`PORT\`.*\`"${PORT}"\``) })
  t.throws(() => serverSettings({ LOG_LEVEL: 'loud' }), { code: 'KLP_ERR_OPTION', message: /`LOG_LEVEL`.*`"loud"`/ })
})
