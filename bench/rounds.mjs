import { setTimeout as pause } from 'node:timers/promises'
import { now } from './load/crowd.mjs'
import { minutes } from './minutes.mjs'

const BETWEEN_ROUNDS_MS = 30

/**
 * Posts minutes of all symbols, one after the other, each once the last one has reached every client. How long each
 * client waited for its last bar, and the last client of each round, in milliseconds.
 */
export async function playRounds (server, crowd, { symbols, from = 0, rounds }) {
  const ends = []
  const each = []
  for (let round = from; round < from + rounds; round++) {
    const body = JSON.stringify(minutes(round, symbols))
    const over = crowd.round()
    const start = now()
    const [times] = await Promise.all([over, server.post(body)])
    for (const time of times) each.push(time - start)
    ends.push(Math.max(...times) - start)
    await pause(BETWEEN_ROUNDS_MS)
  }
  return { ends, each }
}
