import t from 'tap'
import { Value } from '@sinclair/typebox/value'
import { Bucket } from '../../src/market/bucket.ts'
import type { MinuteBar } from '../../src/market/bar.ts'
import { barFrame, snapshotFrame } from '../../src/wire/answers.ts'
import { BarFrameSchema } from '../../src/wire/frames.ts'
import type { Frame } from '../../src/wire/frame.ts'

function bucketOf (given: Partial<MinuteBar> = {}): Bucket {
  return Bucket.ofMinute({ symbol: 'a', time: 60_000, open: 1e21, high: 1e21, low: -0.1, close: 1e-7, volume: 0.3, ...given })
}

function parse ({ bytes }: Frame): unknown {
  return JSON.parse(bytes.toString('utf8', bytes[1] < 126 ? 2 : 4))
}

t.test('a bar frame is what the schema says, and the bar in it is the bar that reads give', async (t) => {
  for (const given of [{}, { turnover: 0, trades: 3, openInterest: 12.5 }]) {
    const bucket = bucketOf(given)
    Object.assign(bucket, { closed: true, seq: 3 })
    const message = parse(barFrame('a.1m', bucket, 5))
    t.strictSame(message, { type: 'bar', key: 'a.1m', seq: 3, ts: 5, bar: bucket.toBar() })
    t.ok(Value.Check(BarFrameSchema, message))
  }
})

t.test('only the update of an unfinished bar has no number and may be superseded', async (t) => {
  const open = barFrame('a.5m', bucketOf(), 5)
  t.equal(open.replaceable, 'a.5m')
  t.notOk('seq' in (parse(open) as object))
  t.equal(barFrame('a.5m', Object.assign(bucketOf(), { closed: true, seq: 1 }), 5).replaceable, undefined)
})

t.test('a backslash in a contract comes out as it went in', async (t) => {
  t.match(parse(barFrame('a\\b.1m', bucketOf(), 5)), { key: 'a\\b.1m' })
  t.match(parse(snapshotFrame('a\\b.1m', { epoch: 'e', seq: 0 }, [])), { key: 'a\\b.1m', bars: [] })
})
