import type { Clock } from '../client/clock.ts'
import { connect } from '../client/node.ts'
import { barLine } from './line.ts'

export interface WatchOptions {
  readonly keys: readonly string[]
  readonly url: string
  /** What the server knows its subscribers by. */
  readonly token?: string | undefined
  readonly out: NodeJS.WritableStream
  readonly err: NodeJS.WritableStream
  readonly signal: AbortSignal
  /** Every time all keys are there. */
  readonly onSubscribed?: () => void
  readonly clock?: Clock
}

/** Prints every bar of the keys until the signal says stop. @throws when the server says that coming back is no use */
export async function watch ({ keys, url, token, out, err, signal, onSubscribed, clock }: WatchOptions): Promise<void> {
  if (signal.aborted) return
  const client = connect(url, { clock, token: token === undefined ? undefined : () => token })
  const wanted = new Set(keys)
  try {
    await new Promise<void>((resolve, reject) => {
      signal.addEventListener('abort', () => { resolve() }, { once: true })
      client.on('state', ({ state, code, reason, retryMs }) => {
        const why = `${code}${reason === '' ? '' : ` ${reason}`}`
        if (state === 'closed') reject(new Error(`${url} closed the connection for good: ${why}`))
        else if (retryMs !== undefined) err.write(`lost ${url} (${why}), back in ${(retryMs / 1000).toFixed(1)} s\n`)
        else if (state === 'live') onSubscribed?.()
      })
      for (const key of wanted) {
        client.subscribe(key, ({ bar }) => { out.write(`${barLine(key, bar)}\n`) }, {
          onError ({ code, message }) {
            if (code === 'CLOSED') return
            if (code === 'TOO_MANY_KEYS') return reject(new Error(`${url} refused the subscription: ${code} ${message}`))
            err.write(`${key}: ${message}\n`)
            wanted.delete(key)
            if (wanted.size === 0) reject(new Error('None of the keys can be watched'))
          },
        })
      }
    })
  } finally {
    client.close()
  }
}
