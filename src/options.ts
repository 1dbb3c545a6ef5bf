import { type Calendar, utcCalendar } from './market/calendar.ts'
import type { RetainDays } from './market/ladder.ts'
import { type Period, PERIODS } from './market/period.ts'
import type { Guard, Identity } from './push/identity.ts'
import { MAX_BATCH } from './wire/minutes.ts'

/** `Request` is that of whoever serves: Fastify's, for those who register the plugin. */
export interface KlinePushOptions<Request = any> {
  /** Where bars are kept on disk. Left out: they are kept in memory only. */
  dataDir?: string
  /** How many bars of each key the memory store keeps at least. @default 1000 */
  memoryBars?: number
  /** Goes before every path. @default '' */
  prefix?: string
  /** The periods that are rolled up and offered; `1m` always is. @default all fifteen */
  periods?: readonly Period[]
  /** Where bars begin and end. @default UTC, round the clock */
  calendar?: Calendar
  /** How long after the end of a minute the clock closes the bars that end with it, milliseconds; `'off'`: it never does. @default 5000 */
  closeGraceMs?: number | 'off'
  /** How many durable events of each key are kept for those who come back; the memory store keeps at most `memoryBars`. @default 10000 */
  keepEvents?: number
  /** For how many days the bars of a period are kept, such as `{ '1m': 90 }`: at least 2, and twice as long as the bars that are rolled up from them (62 for `1d`). @default all for ever */
  retainDays?: RetainDays
  /** A connection that had neither data nor a subscription action for so many milliseconds gets a heartbeat. @default 30000 */
  heartbeatMs?: number
  /** Milliseconds between protocol pings; less than `pongTimeoutMs`. @default 20000 */
  pingEveryMs?: number
  /** A peer without a pong for so many milliseconds is dead. @default 50000 */
  pongTimeoutMs?: number
  /** Bearer tokens, one of which a producer has to send with `POST /bars`, `/imports` and `/watermarks`; none: everybody may. @default none */
  producerTokens?: readonly string[]
  /**
   * Says who a subscriber is, before its upgrade or its `GET /klines` and `/symbols`; throws if it is nobody, with a `statusCode` if not 401.
   * Undefined: it has not said so yet; with `verifyToken` it may do so in its first frame. @default whose `verifyToken` is, if there is one
   */
  authenticate?: (request: Request) => Identity | undefined | Promise<Identity | undefined>
  /** Says whose a token is: from the header `authorization`, from `?token=` of the upgrade, or from an `auth` frame; throws if it is nobody's. @default none */
  verifyToken?: Guard['verifyToken']
  /** Says whether a subscriber may have the bars of a key `contract.period`; a connection asks once for each key. @default all may */
  authorize?: Guard['authorize']
  /** Milliseconds in which a client has to say who it is; past that it is closed with 4001. @default 5000 */
  authDeadlineMs?: number
  /** Origins of pages that may connect and read, such as `https://charts.example`, or `*`; beside them only pages of this server. Left out: any may connect. @default none */
  origins?: readonly string[]
  /** Connections in all; past that 503, or 4100. @default 100000 */
  maxConnections?: number
  /** Connections of one address; behind proxies set Fastify's `trustProxy`. @default Infinity */
  maxConnectionsPerAddress?: number
  /** Connections of one identity. @default Infinity */
  maxConnectionsPerIdentity?: number
  /** Frames from a client in a second, pings and pongs too, and as many at once; past that they are refused, and as many again end the connection with 4129. @default 1000 */
  maxFramesPerSecond?: number
  /** Requests of one address in a second, upgrades too. @default Infinity */
  maxRequestsPerSecond?: number
  /** How late the event loop may be before requests and upgrades get 503, milliseconds. @default Infinity */
  maxEventLoopDelayMs?: number
  /** Over how many milliseconds those who are sent away are to come back. @default 2000 */
  retryWindowMs?: number
  /** Contracts that there may be. @default 100000 */
  maxSymbols?: number
  /** Bars in one request of a producer. @default 10000 */
  maxBarsPerBody?: number
  /** Keys that one connection may hold. @default 10000 */
  maxKeysPerConnection?: number
  /** Bytes that may wait for a reader that is behind; past that it is closed with 4108. @default 1048576 */
  maxBufferedBytes?: number
  /** Bytes of a frame from a client. @default 65536 */
  maxFrameBytes?: number
  /** Malformed frames in a row after which a connection is closed with 4009. @default 10 */
  maxBadFrames?: number
  /** Whether clients that offer it get compressed frames (permessage-deflate, without context takeover). @default false */
  deflate?: boolean
  /** Whether there are documents of all this: `/docs` (Swagger UI), `/docs/json` (OpenAPI) and `/docs/asyncapi.json`. @default false */
  docs?: boolean
  /** Whether there is a page at `/` that shows the bars as candles, and with `metrics` how the server does. @default false */
  page?: boolean
  /** Bars that a snapshot may hold. @default 5000 */
  maxHistory?: number
  /** Bars that one `GET /klines` may ask for. @default 5000 */
  maxBarsPerQuery?: number
  /** Bytes of a body of `POST /bars`. @default 8388608 */
  maxBodyBytes?: number
  /** Whether there is a `GET /metrics` for Prometheus. @default false */
  metrics?: boolean
  /** Bearer tokens, one of which `GET /metrics` has to come with; none: everybody may read it. @default none */
  metricsTokens?: readonly string[]
}

/** Those that have no default. */
type Optional = 'dataDir' | 'authenticate' | 'verifyToken' | 'authorize' | 'origins'

export type CheckedOptions<Request = any> = Required<Omit<KlinePushOptions<Request>, Optional>> & { readonly [Name in Optional]: KlinePushOptions<Request>[Name] | undefined }

export const DEFAULTS: CheckedOptions = Object.freeze({
  dataDir: undefined,
  memoryBars: 1000,
  prefix: '',
  periods: PERIODS,
  calendar: utcCalendar,
  closeGraceMs: 5000,
  keepEvents: 10_000,
  retainDays: Object.freeze({}),
  heartbeatMs: 30_000,
  pingEveryMs: 20_000,
  pongTimeoutMs: 50_000,
  producerTokens: Object.freeze([]),
  authenticate: undefined,
  verifyToken: undefined,
  authorize: undefined,
  authDeadlineMs: 5000,
  origins: undefined,
  maxConnections: 100_000,
  maxConnectionsPerAddress: Infinity,
  maxConnectionsPerIdentity: Infinity,
  maxFramesPerSecond: 1000,
  maxRequestsPerSecond: Infinity,
  maxEventLoopDelayMs: Infinity,
  retryWindowMs: 2000,
  maxSymbols: 100_000,
  maxBarsPerBody: MAX_BATCH,
  maxKeysPerConnection: 10_000,
  maxBufferedBytes: 1_048_576,
  maxFrameBytes: 65_536,
  maxBadFrames: 10,
  deflate: false,
  docs: false,
  page: false,
  maxHistory: 5000,
  maxBarsPerQuery: 5000,
  maxBodyBytes: 8_388_608,
  metrics: false,
  metricsTokens: Object.freeze([]),
})
