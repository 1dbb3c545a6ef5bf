import type { Counts } from '../index.ts'
import type { MinuteBar } from '../market/bar.ts'
import { backOff, type Pause } from './pause.ts'

// The server, or the way to it, is down for now. Sending again is safe: what was taken counts as a duplicate.
const PASSING = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']
const LATER = [429, 503]
const STEPS = { first: 100, most: 5000 }

export interface PostOptions {
  readonly url: URL
  readonly fetch: typeof fetch
  /** What the server knows its producers by. */
  readonly token?: string | undefined
  readonly signal: AbortSignal
  /** For how many milliseconds a request that fails in passing is tried again. */
  readonly patienceMs: number
  readonly pause: Pause
}

/** The server takes none of these bars, and would not the next time either. */
export class Refusal extends Error {}

/** Posts bars; tries again for a while after a 429, a 503 or when nobody answers. @throws Refusal */
export async function postMinutes (minutes: readonly MinuteBar[], options: PostOptions): Promise<Counts> {
  const { url, signal, patienceMs, pause } = options
  const body = JSON.stringify(minutes)
  const end = performance.now() + patienceMs
  let answer = await post(body, options)
  for (let tries = 0; typeof answer === 'string'; tries++) {
    const due = performance.now() + backOff(tries, STEPS)
    if (due > end) throw new Error(`${url} ${answer} for ${patienceMs / 1000} s; gave up`)
    await pause(due, signal)
    signal.throwIfAborted()
    answer = await post(body, options)
  }
  return answer
}

/** What the server counted; or in words, how it can't be had for now. */
async function post (body: string, { url, fetch, token, signal }: PostOptions): Promise<Counts | string> {
  const own = AbortSignal.any([signal]) // what fetch hangs on it goes with it
  try {
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...(token === undefined ? undefined : { authorization: `Bearer ${token}` }) }, body, signal: own })
    return LATER.includes(response.status) ? `answered ${response.status} (${await messageOf(response)})` : await readAnswer(response, url)
  } catch (err) {
    const cause = (err as Error).cause as NodeJS.ErrnoException | undefined
    if (cause === undefined) throw err
    const failure = `could not be reached (${cause.code ?? cause.message})`
    if (PASSING.includes(String(cause.code))) return failure
    throw new Error(`${url} ${failure}`, { cause })
  }
}

async function readAnswer (response: Response, url: URL): Promise<Counts> {
  const text = await response.text()
  const answer = parseObject(text)
  if (response.ok && typeof answer.accepted === 'number') return answer as unknown as Counts
  const { code, message = text.slice(0, 200) } = answer
  const aboutBars = response.status === 413 || (response.status === 400 && typeof code === 'string' && code.startsWith('KLP_ERR_'))
  if (aboutBars) throw new Refusal(String(message))
  throw new Error(`${url} answered ${response.status}: ${message}`)
}

async function messageOf (response: Response): Promise<string> {
  const text = await response.text()
  return String(parseObject(text).message ?? text.slice(0, 200))
}

function parseObject (text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text)) as Record<string, unknown>
  } catch {
    return {} // a proxy's page, say
  }
}
