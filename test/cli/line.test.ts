import t from 'tap'
import { barLine } from '../../src/cli/line.ts'

const BAR = { time: Date.UTC(2026, 0, 5, 0, 14), open: 3120, high: 3121.5, low: -3, close: 3120, volume: 12, closed: true, revision: 0 }

t.test('a line says when, what, the prices, and how far the bar is', async (t) => {
  t.equal(barLine('rb2601.1m', BAR), '2026-01-05 00:14Z  rb2601.1m     O 3120      H 3121.5    L -3        C 3120      V 12        closed')
  t.match(barLine('rb2601.1m', { ...BAR, closed: false }), / open$/)
  t.match(barLine('rb2601.1m', { ...BAR, revision: 2 }), / revision 2$/)
})
