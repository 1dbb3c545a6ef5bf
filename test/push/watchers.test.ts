import t from 'tap'
import { Meter } from '../../src/push/meter.ts'
import { Outbox } from '../../src/push/outbox.ts'
import { Watchers } from '../../src/push/watchers.ts'
import { FakeSocket } from '../fixture/socket.ts'

function outbox (): Outbox {
  return new Outbox(new FakeSocket(), { onOverflow () {}, onIdle () {} }, { maxBufferedBytes: 1000, meter: new Meter(), now: 0 })
}

t.test('who asked with several keys is told once, until the last of them is gone', async (t) => {
  const watchers = new Watchers()
  const [one, two] = [outbox(), outbox()]
  watchers.join('a', one)
  watchers.join('a', one)
  watchers.join('b', one)
  watchers.join('b', two)
  t.strictSame([...watchers.of(undefined)], [one, two])
  t.strictSame([...watchers.of('a')], [one])
  t.strictSame([...watchers.of('b')], [one, two])
  t.strictSame([...watchers.of('c')], [])
  watchers.leave('a', one)
  t.strictSame([...watchers.of('a')], [one])
  watchers.leave('a', one)
  t.strictSame([...watchers.of('a')], [])
  watchers.leave('b', one)
  t.strictSame([...watchers.of(undefined)], [two])
  watchers.leave('b', two)
  t.equal(watchers.size, 0, 'and nothing is left of them')
})
