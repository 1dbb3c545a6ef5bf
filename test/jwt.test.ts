import t, { type Test } from 'tap'
import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { serve, type ServeOptions } from '../src/serve.ts'
import { addressOf } from './fixture/build.ts'
import { runSource } from './fixture/child.ts'
import { connect, connectTo } from './fixture/client.ts'
import { SECRET, signed } from './fixture/jwt.ts'
import { refusedUpgrade } from './fixture/upgrade.ts'

const HOUR = 3600

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds

async function start (t: Test, jwt: NonNullable<ServeOptions['jwt']>): Promise<FastifyInstance> {
  const app = await serve({ host: '127.0.0.1', port: 0, dataDir: t.testdir(), logger: false, jwt })
  t.teardown(() => app.close())
  return app
}

t.test('a token that is signed with the secret lets in, for as long as it says', async (t) => {
  const app = await start(t, { secret: SECRET })
  const exp = inSeconds(HOUR)
  const client = await connect(t, app)
  t.strictSame(await client.ask({ op: 'auth', id: 1, token: signed({ sub: 'ann', exp }) }), { type: 'ack', id: 1, op: 'auth', expiresAt: exp * 1000 })
  t.strictSame(await client.ask({ op: 'auth', id: 2, token: signed({ sub: 'ann' }) }), { type: 'ack', id: 2, op: 'auth' })
  const wrong = {
    expired: signed({ sub: 'ann', exp: inSeconds(-HOUR) }),
    'signed by another': signed({ sub: 'ann' }, `${SECRET}!`),
    'of nobody': signed({ exp }),
    'of an empty name': signed({ sub: '' }),
    'not signed': `${encode({ alg: 'none', typ: 'JWT' })}.${encode({ sub: 'ann' })}.`,
    'no token': 'x',
  }
  for (const [name, token] of Object.entries(wrong)) t.match(await refusedUpgrade(`ws://${addressOf(app)}/ws?token=${token}`), { statusCode: 401, body: { code: 'KLP_ERR_UNAUTHENTICATED' } }, name)
})

t.test('a token that is signed with the private key lets in, if it is for this server', async (t) => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = publicKey.export({ type: 'spki', format: 'pem' }) as string
  const app = await start(t, { publicKey: pem, audience: 'klines', issuer: 'us' })
  const url = `ws://${addressOf(app)}/ws?token=`
  t.match(await (await connectTo(t, url + signed({ sub: 'ann', aud: 'klines', iss: 'us' }, privateKey))).ask({ op: 'ping' }), { type: 'pong' })
  for (const claims of [{ sub: 'ann', aud: 'others', iss: 'us' }, { sub: 'ann', aud: 'klines', iss: 'them' }, { sub: 'ann' }]) t.match(await refusedUpgrade(url + signed(claims, privateKey)), { statusCode: 401 })
  t.match(await refusedUpgrade(url + signed({ sub: 'ann', aud: 'klines', iss: 'us' }, pem)), { statusCode: 401 }, 'the public key is no secret to sign with')
})

t.test('a key that is none is refused at start', async (t) => {
  await t.rejects(start(t, { publicKey: 'no key' }), { code: 'KLP_ERR_OPTION', message: /a public key in PEM/ })
})

t.test('the server does not listen beyond loopback without a token for producers', async (t) => {
  await t.rejects(serve({ host: '0.0.0.0', port: 0, dataDir: t.testdir(), logger: false }), { code: 'KLP_ERR_OPTION', message: /`PRODUCER_TOKENS`.*`0\.0\.0\.0`/ })
})

t.test('no token ever reaches the log', async (t) => {
  const dataDir = t.testdir()
  const keyFile = join(dataDir, 'key.pem')
  writeFileSync(keyFile, generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' }))
  const child = runSource(t, 'src/server.ts', { env: { HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'trace', DATA_DIR: join(dataDir, 'data'), PRODUCER_TOKENS: 'producer-secret', JWT_PUBLIC_KEY_FILE: keyFile } })
  const [, url] = await child.says(/listening at (http:[^"]+)/)
  const token = signed({ sub: 'subscriber-secret' }, 'another secret of thirty-two chars')
  const ws = url.replace('http', 'ws')
  for (const path of ['/ws', '/wss', '/%zz']) await refusedUpgrade(`${ws}${path}?token=${token}`).catch(() => {})
  for (const path of ['/ws', '/klines', '/nowhere', '/bars', '/%zz']) await fetch(`${url}${path}?token=${token}`, { headers: { authorization: `Bearer ${token}` } })
  await fetch(`${url}/bars`, { method: 'POST', body: '{', headers: { authorization: 'Bearer producer-secret', 'content-type': 'application/json' } })
  await fetch(`${url}/bars`, { method: 'POST', body: '{}', headers: { authorization: 'Bearer producer-secret2', 'content-type': 'application/json' } })
  const client = await connectTo(t, `${ws}/ws`)
  t.match(await client.ask({ op: 'auth', token }), { code: 'UNAUTHENTICATED' })
  child.kill('SIGTERM')
  await child.ended
  t.match(child.out, /not let in/)
  t.match(child.out, /not accepted/)
  for (const secret of [token, 'producer-secret', token.split('.')[1]]) t.notOk(child.out.includes(secret) || child.err.includes(secret), child.out)
})
