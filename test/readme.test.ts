import t from 'tap'
import Fastify from 'fastify'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CLOSE_CODES, ERRORS, FRAME_CODES, klinePush } from '../src/index.ts'
import { DEFAULTS } from '../src/options.ts'
import { serverSettings } from '../src/settings.ts'
import { build } from './fixture/build.ts'
import { runSource } from './fixture/child.ts'
import { connect, type Message } from './fixture/client.ts'
import { ROOT } from './fixture/compile.ts'
import { fenced, findTable, names, pluginExamples } from './fixture/readme.ts'

const bare = (cell: string): string => cell.replace(/^`(.*)`$/, '$1')

t.test('the README has every error code with its status, and no other', async (t) => {
  const { rows } = findTable(({ head }) => head[0] === 'code' && head[1] === 'status')
  t.strictSame(
    Object.fromEntries(rows.map(([code, status]) => [bare(code), Number(status)])),
    Object.fromEntries(Object.entries(ERRORS).map(([code, { statusCode }]) => [code, statusCode])),
  )
})

t.test('the README has every code of a frame, and no other', async (t) => {
  const { rows } = findTable(({ head }) => head[0] === 'code in a frame')
  t.strictSame(rows.map(([code]) => bare(code)).sort(), Object.keys(FRAME_CODES).sort())
})

t.test('the README has every close code and what a client does about it, and no other', async (t) => {
  const { rows } = findTable(({ head }) => head[0] === 'close code')
  const codes = Object.values(CLOSE_CODES)
  t.strictSame(rows.map(([code]) => Number(code)).sort(), codes.map(({ code }) => code).sort())
  for (const [code, , client] of rows) t.ok(codes.some((close) => close.code === Number(code) && close.client.startsWith(client)), `${code} ${client}`)
})

t.test('the README has every option with its default, and no other', async (t) => {
  const { rows } = findTable(({ head }) => head[0] === 'option')
  t.strictSame(rows.map(([name]) => bare(name)).sort(), Object.keys(DEFAULTS).sort())
  for (const [name, cell] of rows) {
    const value: unknown = DEFAULTS[bare(name) as keyof typeof DEFAULTS]
    if (typeof value === 'number') t.equal(Number(bare(cell).replaceAll(/[,_]/g, '')), value, name)
    else if (typeof value === 'string') t.equal(bare(cell), `'${value}'`, name)
    else if (value === undefined) t.equal(cell, 'none', name)
    else t.match(cell, /\S/, `${name} has a default that is said in words`)
  }
})

t.test('the README has every setting that the server reads from the environment', async (t) => {
  const read: string[] = []
  serverSettings(new Proxy({}, { get (_, name) { read.push(String(name)) } }))
  t.ok(read.includes('DATA_DIR'))
  for (const name of read) t.ok(names(name), name)
})

t.test('the README has every line of the log with its level, and no other', async (t) => {
  const { rows } = findTable(({ head }) => head[0] === 'line')
  const sources = ['src', 'plugins', 'routes'].flatMap((folder) => readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts')).map((name) => readFileSync(join(ROOT, folder, name), 'utf8')))
  const lines = sources.flatMap((source) => [...source.matchAll(/\b(?:#?log|logger)\.(debug|info|warn|error)\(\{[^}]*\}, '([^']*)'/g)].map(([, level, line]) => [line, level]))
  t.strictSame(rows.map(([line, level]) => [bare(line), level]).sort(), lines.sort())
})

t.test('the README has every route, and its answers have the fields that it says', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  const routes: string[] = []
  app.addHook('onRoute', ({ method, url }) => { if (method !== 'HEAD' && url !== '/ws') routes.push(`${String(method)} ${url}`) })
  await app.register(klinePush, { metrics: true })
  const bar = { symbol: 'rb2601', time: 0, open: 1, high: 3, low: 1, close: 2, volume: 5 }
  const bodies: Record<string, object> = { '/bars': bar, '/imports': { ...bar, time: 60_000 }, '/watermarks': { time: 120_000 } }

  const { rows } = findTable(({ rows }) => rows.some(([cell]) => cell.startsWith('`POST /bars')))
  const documented = rows.flatMap(([cell, words]) => [...cell.matchAll(/(GET|POST) (\/[\w/]+)/g)].map(([route, method, path]) => ({ route, method: method as 'GET' | 'POST', path, words })))
  t.strictSame(documented.map(({ route }) => route).sort(), routes.sort())
  for (const { route, method, path, words } of documented) {
    const [, example] = /`\{([^`]*)\}`/.exec(words.split('→').at(-1) ?? '') ?? []
    if (example === undefined || (method === 'POST' && bodies[path] === undefined)) continue
    const url = path === '/klines' ? '/klines?symbol=rb2601&period=1m' : path
    const response = await app.inject({ method, url, ...(method === 'POST' ? { payload: bodies[path] } : undefined) })
    t.strictSame(Object.keys(response.json()), [...example.replaceAll(/\[.*?\]/g, '').matchAll(/"(\w+)"/g)].map(([, name]) => name), route)
  }
})

/** How those who ask for bars with a token fare. */
const GUESTS = `
const guests: number[] = []
for (const [token, symbol] of [['a-secret-token', 'SHFE.rb2601'], ['a-secret-token', 'DCE.i2601'], ['a-guess', 'SHFE.rb2601']]) {
  const { statusCode } = await app.inject({ url: '/klines', query: { symbol, period: '1m' }, headers: { authorization: 'Bearer ' + token } })
  guests.push(statusCode)
}
console.log(...guests)`

t.test('the plugin examples of the README run', async (t) => {
  for (const [place, example] of pluginExamples().entries()) {
    const directory = t.testdir()
    const file = join(directory, `example-${place}.ts`)
    const program = example
      .replaceAll("'kline-push'", JSON.stringify(new URL('../src/index.ts', import.meta.url).href))
      .replaceAll("'./data'", JSON.stringify(join(directory, 'data')))
      .replaceAll(/port: \d+/g, 'port: 0')
    writeFileSync(file, `${program}\n${GUESTS}\nawait app.close()\nconsole.log('closed')\n`)
    const child = runSource(t, file)
    t.strictSame(await child.ended, { code: 0, signal: null }, child.err)
    t.equal(child.err, '')
    t.match(child.out, /closed\n$/)
    if (example.includes('verifyToken')) t.match(child.out, '200 403 401\n', 'one with a token, beyond its markets, and one who guesses')
  }
})

t.test('every fault of the README has a test', async (t) => {
  const { rows } = findTable(({ head }) => head[0] === 'fault')
  t.ok(rows.length > 10)
  for (const cells of rows) {
    const tests = [...cells[4].matchAll(/`(test\/[^`]*)`/g)].map(([, path]) => path)
    t.ok(tests.length > 0, cells[0])
    for (const path of tests) t.ok(existsSync(new URL(`../${path}`, import.meta.url)), path)
  }
})

/** Which example of the README a frame has to look like. */
function kindOf ({ type, op }: Message): string {
  return op === undefined ? type : `${type} of ${op}`
}

t.test('what the README says to the server is answered as it says', async (t) => {
  const [requests, answers] = fenced('jsonc').join('').split('// server -> client')
    .map((half) => [...half.matchAll(/^\{.*\}/gm)].map(([line]): Message => JSON.parse(line)))
  const { seq } = answers.find(({ type }) => type === 'snapshot')
  const app = await build(t, { heartbeatMs: 50, closeGraceMs: 'off', verifyToken: () => ({ id: 'ann', expiresAt: Date.now() + 3_600_000 }) })
  const minute = (place: number) => ({ symbol: 'rb2601', time: Date.UTC(2024, 0, 1) + place * 60_000, open: 3105, high: 3107, low: 3104, close: 3106, volume: 812 })
  await app.klineHub.ingest(Array.from({ length: seq }, (_, place) => minute(place)))
  const { epoch } = app.klineHub.health()
  const client = await connect(t, app)
  const seen: Message[] = []

  let place = seq
  for (const request of requests) {
    for (const position of Object.values<Message>(request.since ?? {})) position.epoch = epoch
    client.send(request)
    seen.push(...await client.rest())
    if (request.op !== 'subscribe') continue
    await app.klineHub.ingest([minute(place), minute(place + 70)])
    await app.klineHub.watermark({ time: minute(place + 200).time })
    await app.klineHub.import(minute(place + 300))
    await app.klineHub.ingest(minute(place + 301)) // a reset goes out before the key's next bar
    place += 302
    seen.push(...await client.rest())
  }
  client.send({ id: 7, args: [] })
  const documented = [...new Set(answers.map(kindOf))].sort()
  const missing = (): string[] => documented.filter((kind) => kind !== 'notice' && !seen.some((frame) => kindOf(frame) === kind))
  for (let i = 0; i < 100 && missing().length > 0; i++) seen.push(await client.next())
  await app.close()
  await client.closed
  seen.push(...client.left())

  for (const frame of seen) {
    const examples = answers.filter((answer) => kindOf(answer) === kindOf(frame))
    const keys = Object.keys(frame).sort()
    const unfinished = frame.type === 'bar' && !frame.bar.closed
    const alike = examples.some((example) => JSON.stringify(Object.keys(example).filter((key) => !(unfinished && key === 'seq')).sort()) === JSON.stringify(keys))
    if (!alike) t.fail(`no example of the README looks like ${JSON.stringify(frame).slice(0, 300)}`)
  }
  t.strictSame([...new Set(seen.map(kindOf))].sort(), documented, 'the frames that came are those of the README')
})
