/** Errors of the API and of REST: code, HTTP status (for those that reach HTTP), and when it is issued. */
export const ERRORS = {
  KLP_ERR_OPTION: { statusCode: 500, when: 'an option has a value that it can\'t have; thrown at registration' },
  KLP_ERR_BAR: { statusCode: 400, when: 'a bar is malformed; the message names its index, the field and the value' },
  KLP_ERR_BATCH: { statusCode: 400, when: 'a body is neither a bar nor an array of 1 to 10,000 bars' },
  KLP_ERR_TOO_OLD: { statusCode: 400, when: 'a late minute is older than the bars that are kept' },
  KLP_ERR_WATERMARK: { statusCode: 400, when: 'a watermark is malformed, off the minute or in the future' },
  KLP_ERR_QUERY: { statusCode: 400, when: 'a query has a parameter that it can\'t have' },
  KLP_ERR_KEY: { statusCode: 400, when: 'a key in process is not `contract.period`, or its period is not offered' },
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
  GOING_AWAY: 'the server is going down; reconnect after `retryMs`',
} as const

export type FrameCode = keyof typeof FRAME_CODES

/** Why the server closes a connection. 4000–4099: stop; 4100–4199: back off, then reconnect; 4200–4299: reconnect now. */
export const CLOSE_CODES = {
  goingAway: { code: 1001, reason: 'going away', when: 'the server is going down', client: 'reconnects after `retryMs`' },
  malformed: { code: 4009, reason: 'too many malformed frames', when: '`maxBadFrames` frames in a row were malformed', client: 'stops: it is broken' },
  slowConsumer: { code: 4108, reason: 'slow consumer', when: 'more than `maxBufferedBytes` wait to be read', client: 'backs off, then reconnects' },
  noPong: { code: 4212, reason: 'no pong', when: 'no answer to protocol pings for `pongTimeoutMs`', client: 'reconnects at once' },
} as const

export type CloseReason = (typeof CLOSE_CODES)[keyof typeof CLOSE_CODES]
