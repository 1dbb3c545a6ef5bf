import { setTimeout as pause } from 'node:timers/promises'
import { keysOf } from '../minutes.mjs'
import { Client } from './client.mjs'

/**
 * A client that is never content: it connects, takes keys at random, gives them back or just vanishes, and does so
 * again. It stays `stayMs` on average.
 */
export async function wander ({ port, dialect, shape, answers, stayMs, stays }) {
  await pause(Math.random() * stayMs)
  while (stays()) {
    const client = new Client({ port, dialect, onBar: () => {} })
    await client.open()
    const args = keysOf(Math.floor(Math.random() * 1e6), shape)
    await client.subscribe({ args }, answers)
    await pause(Math.random() * stayMs * 2)
    if (Math.random() < 0.5) await client.ask(JSON.stringify({ op: 'unsubscribe', args }), 1)
    client.leave()
  }
}
