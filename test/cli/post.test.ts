import t, { type Test } from 'tap'
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, createServer as createNetServer, type Server } from 'node:net'
import { pauseUntil } from '../../src/cli/pause.ts'
import { postMinutes, type PostOptions, Refusal } from '../../src/cli/post.ts'

const MINUTES = [{ symbol: 'rb2601', time: 0, open: 1, high: 3, low: 1, close: 2, volume: 5 }]
const COUNTS = { accepted: 1, duplicates: 0, revised: 0 }

async function listen (t: Test, server: Server): Promise<URL> {
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => { server.close() })
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/bars`)
}

/** A server that gives these answers one after the other, then takes everything; and what a post to it needs. */
async function answering (t: Test, ...answers: RequestListener[]): Promise<PostOptions> {
  const take: RequestListener = (_, response) => { response.end(JSON.stringify(COUNTS)) }
  return optionsFor(await listen(t, createServer((request, response) => { (answers.shift() ?? take)(request, response) })))
}

/** Posts without a pause between tries. */
function optionsFor (url: URL, given: Partial<PostOptions> = {}): PostOptions {
  return { url, fetch, signal: new AbortController().signal, patienceMs: 30_000, pause: async () => {}, ...given }
}

function answer (status: number, body: string): RequestListener {
  return (_, response) => { response.writeHead(status, { connection: 'close' }).end(body) }
}

t.test('what the server counted comes back', async (t) => {
  t.strictSame(await postMinutes(MINUTES, await answering(t)), COUNTS)
})

t.test('a token goes with it, if there is one', async (t) => {
  const seen: (string | undefined)[] = []
  const look: RequestListener = ({ headers }, response) => {
    seen.push(headers.authorization)
    response.end(JSON.stringify(COUNTS))
  }
  const options = await answering(t, look, look)
  await postMinutes(MINUTES, { ...options, token: 'a-secret' })
  await postMinutes(MINUTES, options)
  t.strictSame(seen, ['Bearer a-secret', undefined])
})

t.test('a 503, a server that dies before its answer and one that dies within it are tried again', async (t) => {
  const die: RequestListener = (request) => { request.socket.destroy() }
  const dieInside: RequestListener = (request, response) => {
    response.writeHead(200, { 'content-length': 100 }).write('{"acc', () => { request.socket.destroy() })
  }
  t.strictSame(await postMinutes(MINUTES, await answering(t, answer(503, '{"message":"closing"}'), die, dieInside, answer(503, '<html>'))), COUNTS)
})

t.test('a server that stays away is given up, with what it said the last time', async (t) => {
  const options = { ...await answering(t, answer(503, '{"message":"the disk is full"}')), patienceMs: 0 }
  await t.rejects(postMinutes(MINUTES, options), { message: `${options.url} answered 503 (the disk is full) for 0 s; gave up` })
  const busy = { ...await answering(t, answer(503, '<html>busy</html>')), patienceMs: 0 }
  await t.rejects(postMinutes(MINUTES, busy), { message: /answered 503 \(<html>busy<\/html>\) for/ })
})

t.test('a stop ends the tries', async (t) => {
  const controller = new AbortController()
  const options = { ...await answering(t, answer(503, '')), signal: controller.signal, pause: async () => { controller.abort() } }
  await t.rejects(postMinutes(MINUTES, options), { name: 'AbortError' })
})

t.test('a stop ends a request that is under way, and a real pause', async (t) => {
  const controller = new AbortController()
  const options = { ...await answering(t, () => { controller.abort() }), signal: controller.signal, pause: pauseUntil }
  await t.rejects(postMinutes(MINUTES, options), { name: 'AbortError' })
})

t.test('bars that the server refuses, and would refuse again, are a refusal with its words', async (t) => {
  for (const [status, body, message] of [
    [400, '{"code":"KLP_ERR_BAR","message":"bar 0: Expected"}', 'bar 0: Expected'],
    [413, '{"code":"FST_ERR_CTP_BODY_TOO_LARGE","message":"Request body is too large"}', 'Request body is too large'],
    [413, 'too large for a proxy', 'too large for a proxy'],
  ] as const) {
    const err: unknown = await postMinutes(MINUTES, await answering(t, answer(status, body))).catch((reason: unknown) => reason)
    t.ok(err instanceof Refusal)
    t.match(err, { message })
  }
})

t.test('any other answer is an error that shows it', async (t) => {
  for (const [status, body, message] of [
    [500, '{"statusCode":500,"error":"Internal Server Error","message":"a bug"}', 'answered 500: a bug'],
    [404, '{"message":"Route POST:/bars not found"}', 'answered 404: Route POST:/bars not found'],
    [400, '{"code":"FST_ERR_CTP_INVALID_JSON_BODY","message":"not JSON"}', 'answered 400: not JSON'],
    [400, 'Bad Request', 'answered 400: Bad Request'],
    [200, '<html>Please log in</html>', 'answered 200: <html>Please log in</html>'],
    [200, 'null', 'answered 200: null'],
    [200, `"${'x'.repeat(300)}"`, `answered 200: "${'x'.repeat(199)}`],
  ] as const) {
    const options = await answering(t, answer(status, body))
    await t.rejects(postMinutes(MINUTES, options), { message: `${options.url} ${message}` })
  }
})

t.test('an address where no server can be is an error that says why, at once', async (t) => {
  const noHttp = await listen(t, createNetServer((socket) => { socket.end('SSH-2.0\r\n') }))
  await t.rejects(postMinutes(MINUTES, optionsFor(noHttp)), { message: /^http:.*\/bars could not be reached \(.*(HPE_INVALID_CONSTANT|HTTP)/ }) // each Node says it in its own words
  const noScheme = new URL('gopher://127.0.0.1/bars')
  await t.rejects(postMinutes(MINUTES, optionsFor(noScheme)), { message: /^gopher:.* could not be reached \(.*scheme/ })
})
