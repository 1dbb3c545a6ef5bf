import type { FrameCode } from '../errors.ts'
import type { Bucket } from '../market/bucket.ts'
import type { ResetEvent, WatermarkEvent } from '../market/events.ts'
import type { Position } from '../store/store.ts'
import { type Frame, frameText } from './frame.ts'
import type { Ack, Answer } from './frames.ts'
import type { RequestId } from './requests.ts'

// server -> client

type Untyped<T> = T extends unknown ? Omit<T, 'type'> : never

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

/** The one answer to `auth`, `subscribe`, `unsubscribe` and `list`. */
export function ackFrame (ack: Untyped<Ack>): Frame {
  return jsonFrame({ type: 'ack', ...ack })
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
  return answerText({ type: 'watermark', time, symbol })
}

/** `{"type":"reset","key":"rb2601.1m","epoch":"k3f9","seq":1046}` */
export function resetText ({ key, seq }: Omit<ResetEvent, 'type'>, epoch: string): string {
  return answerText({ type: 'reset', key, epoch, seq })
}

export function noticeFrame (notice: { code: FrameCode, retryMs: number, message: string }): Frame {
  return jsonFrame({ type: 'notice', ...notice })
}

function jsonFrame (answer: Answer): Frame {
  return frameText(answerText(answer))
}

function answerText (answer: Answer): string {
  return JSON.stringify(answer)
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
