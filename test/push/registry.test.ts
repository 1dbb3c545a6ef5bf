import t from 'tap'
import { Meter } from '../../src/push/meter.ts'
import { Outbox } from '../../src/push/outbox.ts'
import { Registry, type Seat } from '../../src/push/registry.ts'
import { FakeSocket } from '../fixture/socket.ts'

function outbox (): Outbox {
  return new Outbox(new FakeSocket(), { onOverflow () {}, onIdle () {} }, { maxBufferedBytes: 1000, meter: new Meter(), now: 0 })
}

t.test('a key that nobody listens to leaves no trace', async (t) => {
  const registry = new Registry()
  const everything = registry.join('a.1m', outbox(), { seq: 0, closedOnly: false, watermarks: false })
  const closedOnly = registry.join('a.1m', outbox(), { seq: 0, closedOnly: true, watermarks: false })
  const stop = registry.listen('a.1m', { onBar () {}, onReset () {} }, 0)
  registry.join('b.1m', outbox(), { seq: 0, closedOnly: false, watermarks: false })
  t.equal(registry.size, 2)
  registry.leave(everything)
  registry.leave(closedOnly)
  t.equal(registry.size, 2)
  stop()
  t.equal(registry.size, 1)
  t.equal(registry.topic('a.1m'), undefined)
})

t.test('stopping to listen twice does not touch those who came later', async (t) => {
  const registry = new Registry()
  const stop = registry.listen('a.1m', { onBar () {}, onReset () {} }, 0)
  stop()
  registry.listen('a.1m', { onBar () {}, onReset () {} }, 0)
  stop()
  t.equal(registry.topic('a.1m')?.ears.size, 1)
})

t.test('in whatever order they leave, those who stay are those who are left', async (t) => {
  const registry = new Registry()
  const seated = new Map<Outbox, Seat>()
  let random = 1
  for (let i = 0; i < 2000; i++) {
    random = (random * 48_271) % 2_147_483_647
    if (seated.size > 0 && random % 2 === 0) {
      const [leaver, seat] = [...seated][random % seated.size]
      registry.leave(seat)
      seated.delete(leaver)
    } else {
      const joiner = outbox()
      seated.set(joiner, registry.join('a.1m', joiner, { seq: 0, closedOnly: false, watermarks: false }))
    }
    const outboxes = registry.topic('a.1m')?.everything.outboxes ?? []
    if (outboxes.length !== seated.size || outboxes.some((one) => !seated.has(one))) t.fail(`differs after step ${i}`)
  }
  for (const seat of seated.values()) registry.leave(seat)
  t.equal(registry.size, 0)
})

t.test('a symbol is known as long as somebody listens to one of its keys', async (t) => {
  const registry = new Registry()
  t.equal(registry.knows('SHFE.a'), false)
  const seats = ['SHFE.a.1m', 'SHFE.a.5m', 'SHFE.1m'].map((key) => registry.join(key, outbox(), { seq: 0, closedOnly: false, watermarks: false }))
  t.equal(registry.knows('SHFE.a'), true)
  t.equal(registry.knows('SHFE'), true)
  registry.leave(seats[0])
  t.equal(registry.knows('SHFE.a'), true)
  registry.leave(seats[1])
  t.equal(registry.knows('SHFE.a'), false)
  t.equal(registry.knows('SHFE'), true)
})

t.test('who sits with watermarks is told of its symbol, until it leaves', async (t) => {
  const registry = new Registry()
  const [one, two] = [outbox(), outbox()]
  const seats = [one, two].map((each) => registry.join('a.1m', each, { seq: 0, closedOnly: false, watermarks: true }))
  t.strictSame(registry.watchers.of('a'), [one, two])
  registry.leave(seats[0])
  t.strictSame(registry.watchers.of('a'), [two])
  registry.leave(seats[1])
  t.equal(registry.watchers.size, 0)
})
