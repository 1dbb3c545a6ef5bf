import { setTimeout as pause } from 'node:timers/promises'
import { difference } from './series.mjs'

const PATIENCE_MS = 30_000
const CATCH_UP_MS = 5000
const LOOK_EVERY_MS = 30_000

/**
 * Compares the bars that an auditor holds with those that the server has, at the same `seq`; whether it got to compare
 * them.
 */
export async function audit (subscriber, key, { port, tally }) {
  const [, symbol, period] = /^(.+)\.([^.]+)$/.exec(key)
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end;) {
    const response = await fetch(`http://127.0.0.1:${port}/klines?symbol=${symbol}&period=${period}&limit=2000`).catch(() => undefined)
    if (response?.status !== 200) {
      await pause(500)
      continue
    }
    const { seq, bars } = await response.json()
    await until(() => subscriber.seq(key) >= seq, CATCH_UP_MS)
    if (subscriber.seq(key) !== seq) continue
    const held = subscriber.series.of(key)
    const text = difference(held, bars.filter(({ closed, time }) => closed && time >= held[0].time))
    if (text !== undefined) tally.fault('series', `${key} at ${seq}: the client's ${text} for the server`, 1)
    tally.audits++
    return true
  }
  return false
}

/**
 * Nobody who was there all the while may be where others were at the last look: whom the server forgets hears of no
 * gap, and would be told all when it comes back.
 */
export async function compareEachOther (subscribers, tally) {
  let newest = new Map()
  for (;;) {
    const seen = new Map()
    for (const subscriber of subscribers) {
      if (!subscriber.ready || subscriber.dawdled) continue
      const wasThere = Date.now() - subscriber.readySince > LOOK_EVERY_MS * 1.5
      for (const key of subscriber.keys) {
        const seq = subscriber.seq(key)
        if (wasThere && seq < newest.get(key)) tally.fault('behind', `${key}: a client is at ${seq}, another one was at ${newest.get(key)}`, 1)
        seen.set(key, Math.max(seq, seen.get(key) ?? 0))
      }
    }
    newest = seen
    await pause(LOOK_EVERY_MS)
  }
}

/** Waits until something holds, or for so long. */
export async function until (holds, patienceMs) {
  for (const end = Date.now() + patienceMs; !holds() && Date.now() < end;) await pause(50)
}
