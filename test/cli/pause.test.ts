import t from 'tap'
import { backOff, pauseUntil } from '../../src/cli/pause.ts'

t.test('a pause ends when it is due, and not before', async (t) => {
  const due = performance.now() + 30
  await pauseUntil(due, new AbortController().signal)
  t.ok(performance.now() >= due)
})

t.test('a pause ends at once when the signal says stop, also when it said so before', async () => {
  const controller = new AbortController()
  const pausing = pauseUntil(Infinity, controller.signal)
  controller.abort()
  await pausing
  await pauseUntil(Infinity, controller.signal)
})

t.test('what goes wrong in a pause, other than a stop, is an error', async (t) => {
  await t.rejects(pauseUntil(performance.now() + 10, 'no signal' as unknown as AbortSignal), { code: 'ERR_INVALID_ARG_TYPE' })
})

t.test('tries are further and further apart, up to a limit', async (t) => {
  for (let tries = 0; tries < 20; tries++) {
    const most = Math.min(100 * 2 ** tries, 5000)
    const wait = backOff(tries, { first: 100, most: 5000 })
    t.ok(wait >= most * 0.75 && wait <= most, `${wait} of ${most}`)
  }
})
