import type { Clock } from './clock.ts'
import type { TokenSource } from './connection.ts'
import type { KlineClientError } from './error.ts'
import type { SocketClass } from './socket.ts'

/** All may be left out. */
export interface ClientOptions {
  /** Gets the token that the server wants; asked for each connection, and before a token expires. */
  readonly token?: TokenSource | undefined
  /** Whether updates of unfinished bars are left out. @default false */
  readonly closedOnly?: boolean | undefined
  /** Whether to be told when a minute is complete, by the event `watermark`. @default false */
  readonly watermarks?: boolean | undefined
  /** So long without a frame and the server is asked whether it is there; more than its `heartbeatMs`. @default 35000 */
  readonly silenceMs?: number | undefined
  /** How long an answer may take before the connection is given up. @default 10000 */
  readonly answerMs?: number | undefined
  /** A lost connection is tried again within so long, at random, after each failure within twice as long. @default 1000 */
  readonly firstRetryMs?: number | undefined
  /** The most that it doubles to. @default 30000 */
  readonly maxRetryMs?: number | undefined
  /** @default that of the browser; in Node that of `ws` */
  readonly WebSocket?: SocketClass | undefined
  /** For tests. */
  readonly clock?: Clock | undefined
  /** For tests. */
  readonly random?: (() => number) | undefined
}

/** What a subscription begins with. */
export interface HistoryOptions {
  /** How many of the newest bars come first, the unfinished one among them; at most the server's `maxHistory`. @default 1 */
  readonly history?: number | undefined
}

export interface ListenOptions extends HistoryOptions {
  /** Events were missed that can't be told one by one: the bars that differ from what was told come next. */
  readonly onReset?: (() => void) | undefined
}

export interface SubscribeOptions extends ListenOptions {
  /** The subscription is over. */
  readonly onError?: ((err: KlineClientError) => void) | undefined
}

export interface IterateOptions extends ListenOptions {
  /** Ends the iteration, without an error. */
  readonly signal?: AbortSignal | undefined
  /** How many closed bars may wait to be taken, beside `history`. @default 10000 */
  readonly maxQueuedBars?: number | undefined
}

export interface SeriesOptions extends HistoryOptions {
  /** How many bars are held at most, and at least twice `history`; then the oldest quarter goes. @default 5000 */
  readonly limit?: number | undefined
}
