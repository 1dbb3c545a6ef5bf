import { type Static, Type } from '@sinclair/typebox'
import { FRAME_CODES, type FrameCode } from '../errors.ts'
import { BarSchema, SymbolSchema } from '../market/bar.ts'
import { PositionSchema } from '../store/store.ts'
import { Maybe } from './maybe.ts'
import type { Request } from './requests.ts'

// server -> client

const id = Maybe(Type.Union([Type.Integer(), Type.String()], { description: 'That of the request' }))
const key = Type.String({ description: '`contract.period`' })
const keys = Type.Array(key)
const ts = Type.Integer({ description: 'When the server sent it, UTC milliseconds' })
const code = Type.Union((Object.keys(FRAME_CODES) as FrameCode[]).map((code) => Type.Literal(code)), {
  $id: 'kline-push/frame-code',
  description: Object.entries(FRAME_CODES).map(([code, when]) => `- \`${code}\`: ${when}`).join('\n'),
})
const message = Type.String({ description: 'For people to read' })
const strict = { additionalProperties: false } as const

export const BadKeySchema = Type.Object({ key, code, message }, { $id: 'kline-push/bad-key', ...strict, description: 'A key that was left out, and why' })

export const AckedKeySchema = Type.Object({
  key,
  ...PositionSchema.properties,
  recovered: Type.Optional(Type.Boolean({ description: 'Answers a `since`: whether all that came after it follows, or else a snapshot' })),
  replayed: Type.Optional(Type.Integer({ minimum: 0, description: 'How many events follow' })),
}, { $id: 'kline-push/acked-key', ...strict, description: 'A key that is subscribed, and where it stands' })

export const SubscribeAckSchema = Type.Object({
  type: Type.Literal('ack'),
  id,
  op: Type.Literal('subscribe'),
  keys: Type.Array(AckedKeySchema),
  rejected: Type.Array(BadKeySchema),
}, {
  $id: 'kline-push/subscribe-ack',
  ...strict,
  description: 'Which keys are subscribed, and which are not',
  examples: [
    { type: 'ack', id: 1, op: 'subscribe', keys: [{ key: 'rb2601.1m', epoch: 'k3f9', seq: 1044 }], rejected: [] },
    { type: 'ack', id: 5, op: 'subscribe', keys: [{ key: 'rb2601.1m', epoch: 'k3f9', seq: 1044, recovered: true, replayed: 3 }], rejected: [] },
  ],
})

export const UnsubscribeAckSchema = Type.Object({
  type: Type.Literal('ack'),
  id,
  op: Type.Literal('unsubscribe'),
  keys,
  rejected: Type.Array(BadKeySchema),
}, {
  $id: 'kline-push/unsubscribe-ack',
  ...strict,
  description: 'Which keys were given up, and which were not subscribed',
  examples: [{ type: 'ack', id: 2, op: 'unsubscribe', keys: ['rb2601.1h'], rejected: [] }],
})

export const ListAckSchema = Type.Object({ type: Type.Literal('ack'), id, op: Type.Literal('list'), keys }, {
  $id: 'kline-push/list-ack',
  ...strict,
  description: 'Which keys the connection holds',
  examples: [{ type: 'ack', id: 3, op: 'list', keys: ['rb2601.1m'] }],
})

export const AuthAckSchema = Type.Object({
  type: Type.Literal('ack'),
  id,
  op: Type.Literal('auth'),
  expiresAt: Maybe(Type.Number({ description: 'When the client has to have said again who it is, UTC milliseconds; left out: never' })),
}, {
  $id: 'kline-push/auth-ack',
  ...strict,
  description: 'The client is let in',
  examples: [{ type: 'ack', id: 8, op: 'auth', expiresAt: 1_767_600_000_000 }],
})

export const PongFrameSchema = Type.Object({ type: Type.Literal('pong'), id, ts }, {
  $id: 'kline-push/pong-frame',
  ...strict,
  description: 'The server is there',
  examples: [{ type: 'pong', id: 4, ts: 1_767_596_400_123 }],
})

export const SnapshotFrameSchema = Type.Object({
  type: Type.Literal('snapshot'),
  key,
  ...PositionSchema.properties,
  bars: Type.Array(BarSchema, { description: 'The newest, ascending; the last one may still be open' }),
}, {
  $id: 'kline-push/snapshot-frame',
  ...strict,
  description: 'The newest bars of a key, from which it goes on',
  examples: [{ type: 'snapshot', key: 'rb2601.1m', epoch: 'k3f9', seq: 1044, bars: [] }],
})

export const BarFrameSchema = Type.Object({
  type: Type.Literal('bar'),
  key,
  seq: Type.Optional(Type.Integer({ minimum: 1, description: 'The number of this durable event of the key; none on updates of an unfinished bar' })),
  ts,
  bar: BarSchema,
}, {
  $id: 'kline-push/bar-frame',
  ...strict,
  description: 'A bar has closed or was corrected, or an unfinished one is another now',
  examples: [{ type: 'bar', key: 'rb2601.1m', seq: 1045, ts: 1_767_596_400_123, bar: { time: 1_767_596_340_000, open: 3105, high: 3107, low: 3104, close: 3106, volume: 812, closed: true, revision: 0 } }],
})

export const WatermarkFrameSchema = Type.Object({
  type: Type.Literal('watermark'),
  time: Type.Integer({ description: 'UTC milliseconds' }),
  symbol: Maybe(SymbolSchema),
}, {
  $id: 'kline-push/watermark-frame',
  ...strict,
  description: 'Every minute that opens before `time` has been sent: of the symbol, or of all; for those who subscribed with `watermarks`',
  examples: [{ type: 'watermark', time: 1_767_596_400_000 }],
})

export const ResetFrameSchema = Type.Object({ type: Type.Literal('reset'), key, ...PositionSchema.properties }, {
  $id: 'kline-push/reset-frame',
  ...strict,
  description: 'Bars of the key changed in a step that its events don\'t show: subscribe again, or read GET /klines',
  examples: [{ type: 'reset', key: 'rb2601.1m', epoch: 'k3f9', seq: 1046 }],
})

export const HeartbeatFrameSchema = Type.Object({
  type: Type.Literal('heartbeat'),
  ts,
  keys: Type.Optional(Type.Integer({ minimum: 0, description: 'How many keys the connection holds; left out while one is catching up' })),
  seqTotal: Type.Optional(Type.Integer({ minimum: 0, description: 'The sum of the newest `seq` of each; left out while one is catching up' })),
}, {
  $id: 'kline-push/heartbeat-frame',
  ...strict,
  description: 'Nothing else has come for a while',
  examples: [{ type: 'heartbeat', ts: 1_767_596_430_000, keys: 2, seqTotal: 1068 }],
})

export const NoticeFrameSchema = Type.Object({
  type: Type.Literal('notice'),
  code,
  retryMs: Type.Integer({ minimum: 0, description: 'How long to wait before coming back' }),
  message,
}, {
  $id: 'kline-push/notice-frame',
  ...strict,
  description: 'The server is about to close the connection',
  examples: [{ type: 'notice', code: 'GOING_AWAY', retryMs: 1800, message: 'The server is going down' }],
})

export const ErrorFrameSchema = Type.Object({ type: Type.Literal('error'), id, code, message }, {
  $id: 'kline-push/error-frame',
  ...strict,
  description: 'A frame or a request was refused, and nothing changed',
  examples: [{ type: 'error', id: 7, code: 'BAD_FRAME', message: 'Expected `op` to be a string, got nothing' }],
})

/** What answers each request, unless an error does. */
export const REPLIES = {
  auth: AuthAckSchema,
  subscribe: SubscribeAckSchema,
  unsubscribe: UnsubscribeAckSchema,
  list: ListAckSchema,
  ping: PongFrameSchema,
} as const satisfies Record<Request['op'], unknown>

/** What comes by itself. */
const NEWS = [SnapshotFrameSchema, BarFrameSchema, WatermarkFrameSchema, ResetFrameSchema, HeartbeatFrameSchema, NoticeFrameSchema, ErrorFrameSchema] as const

const single = [...Object.values(REPLIES), ...NEWS]

export const BatchFrameSchema = Type.Object({ type: Type.Literal('batch'), frames: Type.Array(Type.Union(single), { minItems: 2 }) }, {
  $id: 'kline-push/batch-frame',
  ...strict,
  description: 'Frames that went out together; for those who subscribed with `batch`',
  examples: [{ type: 'batch', frames: [{ type: 'pong', ts: 1_767_596_400_123 }, { type: 'watermark', time: 1_767_596_400_000 }] }],
})

export const PUSHES = [...NEWS, BatchFrameSchema] as const

/** Everything that the server may send, but for batches. */
export type Answer = Static<(typeof single)[number]>
export type AnswerOf<Name extends Answer['type']> = Extract<Answer, { type: Name }>
export type Ack = AnswerOf<'ack'>
/** Everything that the server may send. */
export type ServerFrame = Answer | Static<typeof BatchFrameSchema>
export type AckedKey = Static<typeof AckedKeySchema>
export type BadKey = Static<typeof BadKeySchema>
export type BarFrame = Static<typeof BarFrameSchema>
