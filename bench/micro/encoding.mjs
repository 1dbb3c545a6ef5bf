import { built } from './built.mjs'

const { Bucket } = await built('market/bucket')
const { barFrame } = await built('wire/answers')

/** One bar into a frame, against `JSON.stringify` of the same. */
export async function encoding (bench) {
  const bucket = Bucket.ofMinute({ symbol: 'rb2601', time: Date.UTC(2026, 0, 5), open: 3105, high: 3107.5, low: 3104, close: 3106.25, volume: 812 })
  Object.assign(bucket, { closed: true, seq: 1045 })
  const bar = bucket.toBar()
  bench.add('encoding: a bar into a frame', () => barFrame('rb2601.1m', bucket, 1767596400123))
  bench.add('encoding: JSON.stringify of the same', () => JSON.stringify({ type: 'bar', key: 'rb2601.1m', seq: 1045, ts: 1767596400123, bar }))
}
