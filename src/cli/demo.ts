import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serve } from '../serve.ts'
import { fillHistory, Market, nextMinute, runFeed } from './feed.ts'
import { pauseUntil } from './pause.ts'
import { watch } from './watch.ts'

/** A chart wants 500 minutes; of thousands of contracts that would be too much to wait for. */
const HISTORY_MINUTES = 600
const HISTORY_BARS = 60_000
/** Simulated minutes. */
const INVITE_EVERY = 20

export interface DemoOptions {
  readonly host: string
  readonly port: number
  /** Left out: a fresh directory, which goes when the demo ends. */
  readonly dataDir?: string | undefined
  /** What other producers are known by; needed where `host` is beyond loopback. */
  readonly producerTokens?: readonly string[]
  readonly contracts: number
  /** Simulated minutes per second. */
  readonly pace: number
  readonly out: NodeJS.WritableStream
  readonly err: NodeJS.WritableStream
  readonly signal: AbortSignal
}

/** A server on the embedded store, a simulated market that feeds it, and a subscriber that prints what it is sent. */
export async function demo ({ dataDir, ...options }: DemoOptions): Promise<void> {
  if (dataDir !== undefined) return await runDemo({ ...options, dataDir })
  const temporary = await mkdtemp(join(tmpdir(), 'kline-push-demo-'))
  try {
    await runDemo({ ...options, dataDir: temporary })
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}

async function runDemo ({ host, port, dataDir, producerTokens = [], contracts, pace, out, err, signal }: DemoOptions & { dataDir: string }): Promise<void> {
  const app = await serve({ host, port, dataDir, producerTokens, page: true, metrics: true, docs: true, logger: { level: 'warn', stream: err } })
  const failed = new AbortController()
  const stop = AbortSignal.any([signal, failed.signal])
  try {
    const known = app.klineHub.symbols()
    const market = new Market(contracts, { known })
    const url = `${app.listeningOrigin.replace(/^http/, 'ws')}/ws`
    const invitation = `open ${app.listeningOrigin}/ for charts and the server's numbers\n`
    out.write(invitation)
    out.write(`kline-push listens on ${app.listeningOrigin}, subscribers on ${url}, data in ${dataDir}\n`)
    out.write(`${contracts} simulated contracts, ${pace} minutes per second; Ctrl-C ends it\n`)
    const start = nextMinute(known, Date.now())
    if (known.length === 0) {
      await fillHistory({
        market,
        minutes: Math.min(HISTORY_MINUTES, Math.ceil(HISTORY_BARS / contracts)),
        end: start,
        importMinutes: async (minutes) => await app.klineHub.import(minutes),
      })
    }
    const keys = market.symbols.flatMap((symbol) => [`${symbol}.1m`, `${symbol}.5m`])
    let played = 0
    const subscribed = new AbortController()
    const watching = watch({ keys, url, out, err, signal: stop, onSubscribed: () => { subscribed.abort() } })
    // The market waits for the subscriber, so that the first bars are seen too.
    const feeding = pauseUntil(Infinity, AbortSignal.any([stop, subscribed.signal])).then(async () => await runFeed({
      market,
      pace,
      start,
      async ingest (minutes) {
        await app.klineHub.ingest(minutes)
        if (++played % INVITE_EVERY === 0) out.write(invitation) // the first has scrolled away
      },
      signal: stop,
    }))
    const abort = () => { failed.abort() }
    watching.catch(abort)
    feeding.catch(abort)
    const [watched, fed] = await Promise.allSettled([watching, feeding])
    for (const part of [fed, watched]) if (part.status === 'rejected') throw part.reason
    if (fed.status === 'fulfilled') out.write(`\n${fed.value} simulated minutes\n`)
  } finally {
    await app.close()
  }
}
