import { type Static, Type } from '@sinclair/typebox'
import type { FrameCode } from '../errors.ts'
import { type Bar, BarSchema } from '../market/bar.ts'
import type { BadKey } from './key.ts'
import type { RequestId } from './requests.ts'

// server -> client: what a frame says once it is read, for both sides. Nothing here knows Node, so that browsers can share it.

export const BarFrameSchema = Type.Object({
  type: Type.Literal('bar'),
  key: Type.String(),
  seq: Type.Optional(Type.Integer({ description: 'The number of this durable event of the key; none on updates of an unfinished bar' })),
  ts: Type.Integer({ description: 'When the server sent it, UTC milliseconds' }),
  bar: BarSchema,
}, { $id: 'kline-push/bar-frame' })

export type BarFrame = Static<typeof BarFrameSchema>

/** `recovered` answers a `since`: whether the `replayed` events after it follow, or else a snapshot. */
export interface AckedKey { readonly key: string, readonly epoch: string, readonly seq: number, readonly recovered?: boolean, readonly replayed?: number }

export interface SnapshotFrame { readonly type: 'snapshot', readonly key: string, readonly epoch: string, readonly seq: number, readonly bars: readonly Bar[] }
export interface ResetFrame { readonly type: 'reset', readonly key: string, readonly epoch: string, readonly seq: number }
/** Of one contract if it has a `symbol`. */
export interface WatermarkFrame { readonly type: 'watermark', readonly time: number, readonly symbol?: string | undefined }
/** Without `keys` and `seqTotal` while a key is still catching up. */
export interface HeartbeatFrame { readonly type: 'heartbeat', readonly ts: number, readonly keys?: number, readonly seqTotal?: number }
export interface PongFrame { readonly type: 'pong', readonly id?: RequestId, readonly ts: number }
export interface NoticeFrame { readonly type: 'notice', readonly code: FrameCode, readonly retryMs: number, readonly message: string }
export interface ErrorFrame { readonly type: 'error', readonly id?: RequestId, readonly code: FrameCode, readonly message: string }
export type AckFrame =
  | { readonly type: 'ack', readonly id?: RequestId, readonly op: 'subscribe', readonly keys: readonly AckedKey[], readonly rejected: readonly BadKey[] }
  | { readonly type: 'ack', readonly id?: RequestId, readonly op: 'unsubscribe', readonly keys: readonly string[], readonly rejected: readonly BadKey[] }
  | { readonly type: 'ack', readonly id?: RequestId, readonly op: 'list', readonly keys: readonly string[] }
  | { readonly type: 'ack', readonly id?: RequestId, readonly op: 'auth', readonly expiresAt?: number }

export type PlainFrame = AckFrame | SnapshotFrame | BarFrame | ResetFrame | WatermarkFrame | HeartbeatFrame | PongFrame | NoticeFrame | ErrorFrame

/** What a server says: a frame, or those of a tick as one. */
export type ServerFrame = PlainFrame | { readonly type: 'batch', readonly frames: readonly PlainFrame[] }
