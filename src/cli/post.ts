import type { Counts } from '../index.ts'
import type { MinuteBar } from '../market/bar.ts'
import { backOff, pauseUntil } from './pause.ts'

// The server, or the way to it, is down for now. Sending again is safe: what was taken counts as a duplicate.
const PASSING = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']
const STEPS = { first: 100, most: 5000 }

export interface PostOptions {
  readonly url: URL
  readonly fetch: typeof fetch
  readonly signal: AbortSignal
  /** For how many milliseconds a request that fails in passing is tried again. */
  readonly patienceMs: number
}

/** The server takes none of these bars, and would not the next time either. */
export class Refusal extends Error {}

/** Posts bars; tries again for a while after a 503 or when nobody answers. @throws Refusal */
export async function postMinutes (minutes: readonly MinuteBar[], { url, fetch, signal, patienceMs }: PostOptions): Promise<Counts> {
  const body = JSON.stringify(minutes)
  const end = performance.now() + patienceMs
  for (let tries = 0; ; tries++) {
    let failure: string
    try {
      const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body, signal })
      if (response.status !== 503) return await readAnswer(response, url)
      failure = `answered 503 (${await messageOf(response)})`
    } catch (err) {
      const code = ((err as Error).cause as NodeJS.ErrnoException | undefined)?.code
      if (code === undefined || !PASSING.includes(code)) throw err
      failure = `could not be reached (${code})`
    }
    const due = performance.now() + backOff(tries, STEPS)
    if (due > end) throw new Error(`${url} ${failure} for ${patienceMs / 1000} s; gave up`)
    await pauseUntil(due, signal)
    signal.throwIfAborted()
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
