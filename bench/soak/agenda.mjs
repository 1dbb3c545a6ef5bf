import { setTimeout as pause } from 'node:timers/promises'

/**
 * Does each of the `items` every `everyMs`, one after the other, until `end` (milliseconds since 1970) or until the
 * signal. What takes longer than that is done less often.
 */
export async function keepAgenda (items, { end, signal }) {
  const dates = items.map(({ everyMs }) => Date.now() + everyMs)
  while (Date.now() < end && !signal.aborted) {
    const next = dates.indexOf(Math.min(...dates))
    await pause(Math.max(0, Math.min(end, dates[next]) - Date.now()), undefined, { signal }).catch(() => {})
    if (signal.aborted || Date.now() < dates[next]) continue
    await items[next].run()
    dates[next] = Date.now() + items[next].everyMs
  }
}
