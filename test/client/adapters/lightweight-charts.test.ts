import t from 'tap'
import { draw } from '../../../src/client/adapters/lightweight-charts.ts'
import type { Bar } from '../../../src/market/bar.ts'
import { ack, bar, event, fakeServer, snapshot } from '../../fixture/fake-server.ts'

const KEY = 'rb2601.1m'

interface Point { time: number, close?: number, value?: number }

/** Takes points as lightweight-charts does, and refuses those that it refuses. */
class Drawing {
  points: Point[] = []
  redrawn = 0

  setData (points: Point[]): void {
    this.redrawn++
    this.points = [...points]
  }

  update (point: Point, historicalUpdate = false): void {
    const last = this.points.at(-1)?.time ?? -Infinity
    const place = this.points.findIndex(({ time }) => time === point.time)
    if (historicalUpdate ? place < 0 : point.time < last) throw new Error(`Cannot update ${point.time}`)
    if (place < 0) this.points.push(point)
    else this.points[place] = point
  }
}

function candle ({ time, open, high, low, close }: Bar): object {
  return { time: time / 1000, open, high, low, close }
}

t.test('whatever happens to the bars of a series happens to the drawings', async (t) => {
  const server = fakeServer(t)
  const socket = await server.accept()
  const series = server.client.series(KEY, { history: 3, limit: 6 })
  const [candles, volumes] = [new Drawing(), new Drawing()]
  const stop = draw(series, { candles, volumes })
  const [request] = await server.asked(socket)
  socket.say(ack(request), snapshot(KEY, 0, [bar(2), bar(4), bar(5, { closed: false })]))
  const equal = (): void => {
    t.strictSame(candles.points, series.bars.map(candle))
    t.strictSame(volumes.points, series.bars.map(({ time, volume }) => ({ time: time / 1000, value: volume })))
  }
  equal()
  t.equal(candles.redrawn, 2, 'when it began, and when the bars came')
  const events = [bar(5, { volume: 9 }), bar(6), bar(2, { close: 3, volume: 7, revision: 1 }), bar(5, { close: 1, revision: 1 }), bar(1), bar(3), bar(7), bar(8)]
  events.forEach((bar, i) => {
    socket.say(event(KEY, i + 1, bar))
    equal()
  })
  t.equal(candles.redrawn, 4, 'all anew only for a bar between two, and when the oldest went')
  stop()
  socket.say(event(KEY, events.length + 1, bar(9)))
  t.equal(candles.points.at(-1)?.time, 480)
})

t.test('candles can go without volumes', async (t) => {
  const server = fakeServer(t)
  const socket = await server.accept()
  const candles = new Drawing()
  draw(server.client.series(KEY), { candles })
  const [request] = await server.asked(socket)
  socket.say(ack(request), snapshot(KEY, 0, [bar(1)]), event(KEY, 1, bar(2)))
  t.strictSame(candles.points, [bar(1), bar(2)].map(candle))
})
