import { type Static, Type } from '@sinclair/typebox'
import type { FrameCode } from '../errors.ts'
import { BarSchema } from '../market/bar.ts'
import type { Bucket } from '../market/bucket.ts'
import type { ResetEvent, WatermarkEvent } from '../market/events.ts'
import type { Position } from '../store/store.ts'
import { type Frame, frameText } from './frame.ts'
import type { BadKey } from './key.ts'
import type { RequestId } from './requests.ts'

// server -> client

export const BarFrameSchema = Type.Object({
  type: Type.Literal('bar'),
  key: Type.String(),
  seq: Type.Optional(Type.Integer({ description: 'The number of this durable event of the key; none on updates of an unfinished bar' })),
  ts: Type.Integer({ description: 'When the server sent it, UTC milliseconds' }),
  bar: BarSchema,
}, { $id: 'kline-push/bar-frame' })

export type BarFrame = Static<typeof BarFrameSchema>

/** `{"type":"bar","key":"rb2601.1m","seq":1045,"ts":1767596400123,"bar":{…}}`, a byte a character. */
export function barText (key: string, bucket: Bucket, ts: number): string {
  const seq = bucket.closed ? `"seq":${bucket.seq},` : ''
  return `{"type":"bar","key":${quoteKey(key)},${seq}"ts":${ts},"bar":${bucketText(bucket)}}`
}

/** An update of an unfinished bar has no `seq`, and a newer one may take its place. */
export function barFrame (key: string, bucket: Bucket, ts: number): Frame {
  return frameText(barText(key, bucket, ts), bucket.closed ? undefined : key)
}

/** `{"type":"snapshot","key":"rb2601.1m","epoch":"k3f9","seq":1044,"bars":[…]}` */
export function snapshotFrame (key: string, { epoch, seq }: Position, buckets: readonly Bucket[]): Frame {
  return frameText(`{"type":"snapshot","key":${quoteKey(key)},"epoch":"${epoch}","seq":${seq},"bars":[${buckets.map(bucketText).join(',')}]}`)
}

/** `recovered` answers a `since`: whether the `replayed` events after it follow, or else a snapshot. */
export interface AckedKey extends Position { readonly key: string, readonly recovered?: boolean, readonly replayed?: number }

/** The one answer to `subscribe`, `unsubscribe` and `list`. */
export function ackFrame (ack: { id: RequestId, op: string, keys: readonly (AckedKey | string)[], rejected?: readonly BadKey[] }): Frame {
  return jsonFrame({ type: 'ack', ...ack })
}

/** `{"type":"ack","id":8,"op":"auth","expiresAt":1767600000000}`; `expiresAt` is UTC milliseconds, and left out where it holds for ever. */
export function authAckFrame (id: RequestId, expiresAt: number | undefined): Frame {
  return jsonFrame({ type: 'ack', id, op: 'auth', expiresAt })
}

export function pongFrame (id: RequestId, ts: number): Frame {
  return jsonFrame({ type: 'pong', id, ts })
}

export function errorFrame (error: { id: RequestId, code: FrameCode, message: string }): Frame {
  return jsonFrame({ type: 'error', ...error })
}

/** `{"type":"heartbeat","ts":1767596430000,"keys":50,"seqTotal":52310}` */
export function heartbeatFrame (ts: number, proof: { keys: number, seqTotal: number } | undefined): Frame {
  return jsonFrame({ type: 'heartbeat', ts, ...proof })
}

/** `{"type":"watermark","time":1767596400000}`, or with a `symbol` that it is about. */
export function watermarkText ({ time, symbol }: Omit<WatermarkEvent, 'type'>): string {
  return JSON.stringify({ type: 'watermark', time, symbol })
}

/** `{"type":"reset","key":"rb2601.1m","epoch":"k3f9","seq":1046}` */
export function resetText ({ key, seq }: Omit<ResetEvent, 'type'>, epoch: string): string {
  return JSON.stringify({ type: 'reset', key, epoch, seq })
}

export function noticeFrame (notice: { code: FrameCode, retryMs: number, message: string }): Frame {
  return jsonFrame({ type: 'notice', ...notice })
}

function jsonFrame (message: object): Frame {
  return frameText(JSON.stringify(message))
}

function bucketText (bar: Bucket): string {
  let text = `{"time":${bar.time},"open":${bar.open},"high":${bar.high},"low":${bar.low},"close":${bar.close},"volume":${bar.volume}`
  if (!Number.isNaN(bar.turnover)) text += `,"turnover":${bar.turnover}`
  if (!Number.isNaN(bar.trades)) text += `,"trades":${bar.trades}`
  if (!Number.isNaN(bar.openInterest)) text += `,"openInterest":${bar.openInterest}`
  return `${text},"closed":${bar.closed},"revision":${bar.revision}}`
}

/** A key is visible ASCII without quotes, so a backslash is all that JSON wants escaped. */
function quoteKey (key: string): string {
  return key.includes('\\') ? JSON.stringify(key) : `"${key}"`
}
