import fc from 'fast-check'
import { readdirSync } from 'node:fs'
import t from 'tap'
import type { Bar, KlinePushOptions } from '../../src/index.ts'
import { build } from '../fixture/build.ts'
import { connect } from '../fixture/client.ts'
import { anyBody, anyQuery, anyWatermark } from '../fixture/fuzz/bodies.ts'
import { anyChange, anyOddString } from '../fixture/fuzz/junk.ts'
import { parseBody, type Problem, problemOfBars, problemOfQuery, problemOfWatermark } from '../fixture/fuzz/rules.ts'
import { casesOf, heapUsed, watchPrototypes } from '../fixture/fuzz/runs.ts'
import { minute } from '../fixture/minutes.ts'

const OPTIONS: KlinePushOptions = { closeGraceMs: 'off', memoryBars: 1_000_000, maxBodyBytes: 1_000_000 }
const JSON_TYPE = { 'content-type': 'application/json' }

t.setTimeout(600_000)

/** Half a letter may go out as it is, or as a sign that says so. */
const wellFormed = (text: string): string => Buffer.from(text).toString()

interface Answer { readonly statusCode: number, readonly body: string }

/** Of an answer that says no: whether it has the shape that the README says, and names what is wrong. */
function checkRefusal ({ statusCode, body }: Answer, problem: Problem | undefined): void {
  const { statusCode: said, code, error, message } = JSON.parse(body)
  if (statusCode !== 400 || said !== 400 || error !== 'Bad Request') throw new Error(`Expected 400, got ${statusCode} ${body}`)
  if (problem === undefined ? !code.startsWith('FST_ERR_') : code !== problem.code) throw new Error(`Expected ${problem?.code ?? 'an error of Fastify'}, got ${body}`)
  if (problem !== undefined && !problem.names.some((name) => wellFormed(message).includes(wellFormed(name)))) throw new Error(`Expected ${problem.names.join(' or ')}, got ${message}`)
}

/** A body as text: as it is, or changed a little. */
function textOf (anyValue: fc.Arbitrary<unknown>): fc.Arbitrary<string> {
  const anyWhole = anyValue.map((value) => JSON.stringify(value) ?? '')
  return fc.oneof({ weight: 4, arbitrary: anyWhole }, { weight: 3, arbitrary: fc.tuple(anyWhole, anyChange).map(([text, change]) => change(text)) }, anyOddString)
}

const anyPost = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constantFrom('/bars', '/imports'), textOf(anyBody)) },
  fc.tuple(fc.constant('/watermarks'), textOf(anyWatermark)),
)

t.test('whatever a producer posts is taken exactly if the README allows it, or refused by name; subscribers hear of what was taken and of nothing else', async (t) => {
  const app = await build(t, OPTIONS)
  const checkPrototypes = watchPrototypes(t)
  const bystander = await connect(t, app)
  bystander.send({ op: 'subscribe', args: ['by.1m'] })
  await bystander.take(2)
  const counts: Record<string, number> = { 200: 0, 400: 0 }
  const post = async (url: string, text: string): Promise<void> => {
    const answer = await app.inject({ method: 'POST', url, headers: JSON_TYPE, body: text })
    const parsed = parseBody(text)
    const problem = parsed === undefined ? undefined : url === '/watermarks' ? problemOfWatermark(parsed.value, Date.now()) : problemOfBars(parsed.value)
    counts[answer.statusCode]++
    if (parsed === undefined || problem !== undefined) return checkRefusal(answer, problem)
    if (answer.statusCode !== 200) throw new Error(`Expected 200, got ${answer.statusCode} ${answer.body}`)
    if (url === '/watermarks') return
    const bars = [parsed.value].flat() as (Bar & { symbol: string })[]
    const { accepted, duplicates, revised } = answer.json()
    if (accepted + duplicates + revised !== bars.length) throw new Error(`Expected ${bars.length} bars, got ${answer.body}`)
    const { symbol, time, open, high, low, close } = bars[bars.length - 1]
    const [shown] = app.klineHub.klines({ symbol, period: '1m', start: time, limit: 1 }).bars
    for (const [name, value] of Object.entries({ time, open, high, low, close })) if (shown[name as keyof Bar] !== value + 0) throw new Error(`Expected ${name} to be ${value}, got ${JSON.stringify(shown)}`)
  }
  await fc.assert(fc.asyncProperty(anyPost, async ([url, text]) => {
    await post(url, text)
    checkPrototypes()
  }), { numRuns: casesOf(0.03) })
  for (const [status, count] of Object.entries(counts)) t.ok(count > casesOf(0.03) / 10, `${status}: ${count}`)

  const refuse = async (times: number): Promise<number> => {
    for (let i = 0; i < times; i++) await post('/bars', '[{"symbol":"a","time":0,"open":"1"}]')
    return heapUsed()
  }
  const heap = await refuse(1000)
  const grown = await refuse(2000) - heap
  t.ok(grown < 2_000_000, `${grown} bytes more for 2,000 bodies that were refused`)

  const seqs: number[] = []
  for (let place = 0; place < 10; place++) await app.klineHub.ingest(minute(place * 60_000, { symbol: 'by' }))
  for (const { key, seq } of await bystander.rest()) if (key === 'by.1m') seqs.push(seq)
  t.strictSame(seqs, Array.from({ length: 10 }, (_, i) => i + 1))
})

t.test('whatever is asked of GET /klines is answered exactly if the README allows it, or refused by name', async (t) => {
  const app = await build(t, { ...OPTIONS, maxBarsPerQuery: 1000 })
  const isWhole = (text: string): boolean => !/\p{Surrogate}/u.test(text)
  await fc.assert(fc.asyncProperty(anyQuery.filter((pairs) => pairs.flat().every(isWhole)), async (pairs) => {
    const query: Record<string, unknown> = Object.create(null)
    for (const [name, value] of pairs) query[name] = name in query ? [query[name], value].flat() : value
    const problem = problemOfQuery(query, 1000)
    const answer = await app.inject(`/klines?${pairs.map((pair) => pair.map(encodeURIComponent).join('=')).join('&')}`)
    if (problem !== undefined) checkRefusal(answer, problem)
    else if (answer.statusCode !== 200) throw new Error(`Expected 200, got ${answer.statusCode} ${answer.body}`)
  }), { numRuns: casesOf(0.01) })
})

t.test('whatever address is asked for, the answer is no fault of the server', async (t) => {
  const app = await build(t, OPTIONS)
  const anyPath = fc.array(fc.oneof(fc.constantFrom('..', '%2e%2e', '%2f', '%5c', '%00', '%', '%zz', '%c0%ae', 'klines', 'bars', 'ws', 'data', 'bars.mdb', '?', '#', ';', ''), anyOddString), { maxLength: 5 })
  await fc.assert(fc.asyncProperty(fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD'), anyPath, async (method, parts) => {
    const url = `/${parts.join('/')}`
    if (!URL.canParse(url, 'http://localhost')) return // no client can ask for it
    const { statusCode, body } = await app.inject({ method: method as 'GET', url })
    if (statusCode >= 500) throw new Error(`Got ${statusCode} ${body}`)
  }), { numRuns: casesOf(0.01) })
})

t.test('a body that is an attack of its own is refused, and the server goes on', async (t) => {
  const app = await build(t, OPTIONS)
  const bar = JSON.stringify(minute(0))
  const attacks: Record<string, [text: string, statusCode: number, code: string]> = {
    'half a million brackets': ['['.repeat(500_000), 400, 'FST_ERR_CTP_INVALID_JSON_BODY'],
    '100,000 arrays in one another': [`${'['.repeat(100_000)}${']'.repeat(100_000)}`, 400, 'KLP_ERR_BAR'],
    '100,000 objects in one another': [`${'{"symbol":'.repeat(50_000)}1${'}'.repeat(50_000)}`, 400, 'KLP_ERR_BAR'],
    'a million bytes and one': [`[${bar}]`.padEnd(1_000_001), 413, 'FST_ERR_CTP_BODY_TOO_LARGE'],
    '250,000 numbers': [`[${'1,'.repeat(250_000)}1]`, 400, 'KLP_ERR_BATCH'],
    '50,000 fields': [JSON.stringify(Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`f${i}`, i]))), 400, 'KLP_ERR_BAR'],
    'a field name of 900,000 letters': [`{"${'x'.repeat(900_000)}":1}`, 400, 'KLP_ERR_BAR'],
    'a number of 900,000 digits': [bar.replace('"open":10', `"open":${'9'.repeat(900_000)}`), 400, 'KLP_ERR_BAR'],
    'a symbol of 900,000 letters': [bar.replace('BTCUSDT', 'x'.repeat(900_000)), 400, 'KLP_ERR_BAR'],
    'a prototype': ['{"__proto__":{"polluted":1}}', 400, 'FST_ERR_CTP_INVALID_JSON_BODY'],
    'a prototype in letters of another kind': ['{"\\u005f_proto__":{"polluted":1}}', 400, 'FST_ERR_CTP_INVALID_JSON_BODY'],
    'a constructor': ['{"constructor":{"prototype":{"polluted":1}}}', 400, 'FST_ERR_CTP_INVALID_JSON_BODY'],
    'line breaks in a symbol': [bar.replace('BTCUSDT', 'a\\r\\nb'), 400, 'KLP_ERR_BAR'],
    'a lone surrogate': [bar.replace('BTCUSDT', '\\ud800'), 400, 'KLP_ERR_BAR'],
    'a field twice, the second wrong': [bar.replace('"open":10', '"open":10,"open":"10"'), 400, 'KLP_ERR_BAR'],
  }
  const checkPrototypes = watchPrototypes(t)
  for (const [name, [body, statusCode, code]] of Object.entries(attacks)) {
    for (const url of ['/bars', '/imports']) t.match(await app.inject({ method: 'POST', url, headers: JSON_TYPE, body }), { statusCode, body: new RegExp(`"code":"${code}"`) }, name)
    checkPrototypes()
  }
  t.match((await app.inject({ method: 'POST', url: '/bars', headers: JSON_TYPE, body: bar })).json(), { accepted: 1 })
})

t.test('symbols that look like paths lead nowhere: the data directory has its own files and no other', async (t) => {
  const directory = t.testdir({ data: {} })
  const app = await build(t, { ...OPTIONS, dataDir: `${directory}/data/../data` })
  const symbols = ['../../x', '..\\x', '/etc/passwd', '.', '..', 'bars.mdb', 'CON', 'a:b', '%2e%2e%2fx', '~/x', '$(touch', '`x`', '|x', ';x', '__proto__', 'constructor']
  for (const symbol of symbols) t.match((await app.inject({ method: 'POST', url: '/bars', payload: minute(0, { symbol }) })).json(), { accepted: 1 }, symbol)
  t.strictSame(app.klineHub.symbols().map(({ symbol }) => symbol), [...symbols].sort())
  for (const symbol of symbols) t.match((await app.inject(`/klines?period=1d&symbol=${encodeURIComponent(symbol)}`)).json(), { key: `${symbol}.1d`, bars: { length: 1 } })
  t.strictSame(readdirSync(directory), ['data'])
  t.strictSame(readdirSync(`${directory}/data`).map((name) => name.replace(/^owner-.*/, 'owner')).sort(), ['bars.mdb', 'bars.mdb-lock', 'owner'])
})
