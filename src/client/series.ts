import type { Bar } from '../market/bar.ts'
import type { Placing } from './bars.ts'
import { Emitter } from './emitter.ts'
import type { KlineClientError } from './error.ts'
import type { Ear, Feed } from './feed.ts'

/**
 * What a chart has to do: draw all anew (`reset`: the first bars, bars that were read again, and when the oldest go),
 * or one bar: `append` it, `update` the last one, `correct` one before it, `insert` it between two. `older` is a bar
 * from before those that are held.
 */
export type SeriesChange =
  | { readonly type: 'reset' }
  | { readonly type: Exclude<Placing, 'reset'>, readonly bar: Bar }

export interface SeriesEvents { change: SeriesChange, error: KlineClientError }

/** The bars of a key, merged: after any interruption they equal the server's. */
export interface Series {
  readonly key: string
  /** Ascending, always the same array; the last may be unfinished. Not to be changed. */
  readonly bars: readonly Bar[]
  /** The newest durable event of the key that was heard; 0 before the first. */
  readonly seq: number
  /** Settles when the first bars are there, or when it is closed before. */
  readonly ready: Promise<void>
  /** Calls back until the function that comes back is called. An error that neither `error` nor `ready` tells anybody is unhandled. */
  on<Name extends keyof SeriesEvents> (name: Name, listener: (event: SeriesEvents[Name]) => void): () => void
  close (): void
}

export interface SeriesParts { readonly key: string, readonly history: number, readonly limit: number, readonly join: (ear: Ear) => Feed }

export function createSeries ({ key, history, limit, join }: SeriesParts): Series {
  const emitter = new Emitter<SeriesEvents>()
  const reset = (): void => { emitter.emit('change', { type: 'reset' }) }
  let settle: { resolve: () => void, reject: (err: Error) => void }
  const ready = new Promise<void>((resolve, reject) => { settle = { resolve, reject } })
  const ear: Ear = {
    history,
    limit,
    onStart () {
      settle.resolve()
      reset()
    },
    onReset: reset,
    onBar (bar, type) { emitter.emit('change', type === 'reset' ? { type } : { type, bar }) },
    onEnd (err) {
      if (err === undefined) return settle.resolve()
      settle.reject(err)
      emitter.emit('error', err)
    },
  }
  const feed = join(ear)
  return {
    key,
    get bars () { return feed.bars },
    get seq () { return feed.seq },
    ready,
    on (name, listener) {
      if (name === 'error') ready.catch(() => {}) // it is heard
      return emitter.on(name, listener)
    },
    close () {
      feed.leave(ear)
      settle.resolve()
    },
  }
}
