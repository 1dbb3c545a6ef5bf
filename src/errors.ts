/** Errors of the API and of REST: code, HTTP status (for those that reach HTTP), and when it is issued. */
export const ERRORS = {
  KLP_ERR_OPTION: { statusCode: 500, when: 'an option has a value that it can\'t have; thrown at registration' },
  KLP_ERR_BAR: { statusCode: 400, when: 'a bar is malformed; the message names its index, the field and the value' },
  KLP_ERR_BATCH: { statusCode: 400, when: 'a body is neither a bar nor an array of 1 to `maxBarsPerBody` bars' },
  KLP_ERR_TOO_OLD: { statusCode: 400, when: 'a late minute is older than the bars that are kept' },
  KLP_ERR_TOO_MANY_SYMBOLS: { statusCode: 400, when: 'with these bars there would be more than `maxSymbols`; nothing was taken' },
  KLP_ERR_WATERMARK: { statusCode: 400, when: 'a watermark is malformed, off the minute or in the future' },
  KLP_ERR_QUERY: { statusCode: 400, when: 'a query has a parameter that it can\'t have' },
  KLP_ERR_KEY: { statusCode: 400, when: 'a key in process is not `contract.period`, or its period is not offered' },
  KLP_ERR_UNAUTHENTICATED: { statusCode: 401, when: 'a request does not say who sends it, or its token is not known, or no longer' },
  KLP_ERR_FORBIDDEN: { statusCode: 403, when: 'a subscriber may not have the bars of this key' },
  KLP_ERR_ORIGIN: { statusCode: 403, when: 'a browser is on a page whose origin is not among `origins`' },
  KLP_ERR_TOO_MANY_REQUESTS: { statusCode: 429, when: 'an address has sent `maxRequestsPerSecond`; try again after `retry-after`' },
  KLP_ERR_TOO_MANY_CONNECTIONS: { statusCode: 503, when: 'there are `maxConnections` already; try again after `retry-after`' },
  KLP_ERR_TOO_MANY_OF_ADDRESS: { statusCode: 503, when: 'the address has `maxConnectionsPerAddress` already; try again after `retry-after`' },
  KLP_ERR_TOO_MANY_OF_IDENTITY: { statusCode: 503, when: 'the identity has `maxConnectionsPerIdentity` already; try again after `retry-after`' },
  KLP_ERR_BUSY: { statusCode: 503, when: 'the event loop is more than `maxEventLoopDelayMs` late; try again after `retry-after`' },
  KLP_ERR_NOT_STORED: { statusCode: 503, when: 'the bars could not be made durable (a full disk, say): none was accepted, send them again' },
  KLP_ERR_CLOSED: { statusCode: 503, when: 'the server is going down and takes no more bars' },
  KLP_ERR_IN_USE: { statusCode: 500, when: 'another process has the data directory open, or a repair of it is not finished; thrown at start' },
  KLP_ERR_DAMAGED: { statusCode: 500, when: 'the file in the data directory is damaged; the message says where and what to do; thrown at start' },
  KLP_ERR_INCOMPATIBLE: { statusCode: 500, when: 'the data directory was made with another format, calendar or set of periods; thrown at start' },
} as const

export type ErrorCode = keyof typeof ERRORS

/** Every error that this package throws or answers on purpose. */
export class KlineError extends Error {
  readonly code: ErrorCode
  readonly statusCode: number

  constructor (code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'KlineError'
    this.code = code
    this.statusCode = ERRORS[code].statusCode
  }
}

/** Codes inside frames: of `error` frames, of keys that an ack rejects, of notices. */
export const FRAME_CODES = {
  BAD_FRAME: 'the frame is not JSON text of a known shape; the message names the field',
  UNKNOWN_OP: 'the frame asks for an `op` that does not exist',
  FRAME_TOO_LONG: 'the frame is longer than `maxFrameBytes`',
  TOO_MANY_KEYS: 'the request has, or the connection would hold, more keys than `maxKeysPerConnection`; nothing changed',
  BAD_KEY: 'the key is not `contract.period`, or the contract is not a symbol',
  UNKNOWN_PERIOD: 'the period does not exist or is not offered here',
  NOT_SUBSCRIBED: 'the key to unsubscribe was not subscribed',
  UNAUTHENTICATED: 'the client has not said who it is, or its token is not good',
  FORBIDDEN: 'the client may not have the bars of this key',
  TOO_MANY_FRAMES: 'more than `maxFramesPerSecond` came; this one was not read, and as many again end the connection',
  OVER_CAPACITY: 'there are as many connections as may be, in all, of the address or of the identity; reconnect after `retryMs`',
  GOING_AWAY: 'the server is going down; reconnect after `retryMs`',
} as const

export type FrameCode = keyof typeof FRAME_CODES

/** Codes of the client's own, beside those of the server's that it hands on. */
export const CLIENT_CODES = {
  CLOSED: 'the client is closed: the message says why, if it was not its user who closed it',
  NOT_READ: '`GET /klines` was answered with something else than bars, and without a code',
  SLOW_CONSUMER: 'more than `maxQueuedBars` closed bars wait for a consumer; it has got all before',
} as const

export type ClientCode = keyof typeof CLIENT_CODES

/** Why the server closes a connection. 4000–4099: stop; 4100–4199: back off, then reconnect; 4200–4299: reconnect now. */
export const CLOSE_CODES = {
  goingAway: { code: 1001, reason: 'going away', when: 'the server is going down', client: 'reconnects after `retryMs`' },
  fault: { code: 1011, reason: 'a fault of the server', when: 'a fault of the server\'s', client: 'backs off, then reconnects' },
  unauthenticated: { code: 4001, reason: 'unauthenticated', when: 'the client did not say who it is within `authDeadlineMs`, or its token is not good', client: 'stops, unless it has another token' },
  malformed: { code: 4009, reason: 'too many malformed frames', when: '`maxBadFrames` frames in a row were malformed', client: 'stops: it is broken' },
  overCapacity: { code: 4100, reason: 'over capacity', when: 'there are as many connections as may be, in all, of the address or of the identity', client: 'backs off for `retryMs`, then reconnects' },
  slowConsumer: { code: 4108, reason: 'slow consumer', when: 'more than `maxBufferedBytes` wait to be read', client: 'backs off, then reconnects' },
  tooManyFrames: { code: 4129, reason: 'too many frames', when: 'the client went on after `TOO_MANY_FRAMES`', client: 'backs off, then reconnects' },
  tokenExpired: { code: 4203, reason: 'token expired', when: 'what the client said who it is holds no longer', client: 'reconnects at once with a new token' },
  noPong: { code: 4212, reason: 'no pong', when: 'no answer to protocol pings for `pongTimeoutMs`', client: 'reconnects at once' },
} as const

export type CloseReason = (typeof CLOSE_CODES)[keyof typeof CLOSE_CODES]
