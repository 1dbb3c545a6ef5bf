import t from 'tap'
import type { SeriesChange } from '../../src/client/index.ts'
import { ack, bar, event, fakeServer, snapshot } from '../fixture/fake-server.ts'

const KEY = 'rb2601.1m'

t.test('a series says what each bar did to it, so that a chart can be drawn', async (t) => {
  const server = fakeServer(t)
  const socket = await server.accept()
  const series = server.client.series(KEY, { history: 2, limit: 5 })
  const changes: SeriesChange[] = []
  series.on('change', (change) => { changes.push(change) })
  t.strictSame([series.key, series.bars, series.seq], [KEY, [], 0])
  const [request] = await server.asked(socket)
  socket.say(ack(request), snapshot(KEY, 0, [bar(2), bar(4)]))
  await series.ready
  const open = bar(5, { closed: false })
  socket.say(event(KEY, undefined, open), event(KEY, 1, bar(5)), event(KEY, 2, bar(4, { revision: 1 })), event(KEY, 3, bar(3)), event(KEY, 4, bar(1)), event(KEY, 5, bar(6)), event(KEY, 6, bar(7)))
  t.strictSame(changes, [
    { type: 'reset' },
    { type: 'append', bar: open },
    { type: 'update', bar: bar(5) },
    { type: 'correct', bar: bar(4, { revision: 1 }) },
    { type: 'insert', bar: bar(3) },
    { type: 'older', bar: bar(1) },
    { type: 'append', bar: bar(6) },
    { type: 'reset' },
  ])
  t.strictSame(series.bars, [bar(4, { revision: 1 }), bar(5), bar(6), bar(7)], 'past the limit the oldest go')
  t.equal(series.seq, 6)
})

t.test('a series that is closed hears nothing more', async (t) => {
  const server = fakeServer(t)
  const socket = await server.accept()
  const series = server.client.series(KEY)
  const kept = server.client.series(KEY)
  series.on('change', () => { t.fail('it is closed') })
  const [request] = await server.asked(socket)
  series.close()
  await series.ready
  socket.say(ack(request), snapshot(KEY, 0, [bar(1)]))
  t.strictSame(kept.bars, [bar(1)])
})

t.test('an error is told to whoever waits, or else to whoever listens', async (t) => {
  const server = fakeServer(t)
  const socket = await server.accept()
  const heard: string[] = []
  server.client.series(KEY).on('error', ({ message }) => { heard.push(message) })
  const waiting = server.client.series(KEY)
  socket.hangUp(4003, 'forbidden')
  await t.rejects(waiting.ready, { code: 'CLOSED' })
  t.match(heard, [/4003 forbidden/])
})
