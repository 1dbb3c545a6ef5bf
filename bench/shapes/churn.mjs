import { quantile } from '../figures.mjs'
import { Crowd } from '../load/crowd.mjs'
import { playRounds } from '../rounds.mjs'
import { withServer } from '../server.mjs'

const STAY_MS = 1000
const WARM_UP = 10

/** How long bars take to `clients` while `wanderers` others subscribe and leave at random, against the same without them. */
export async function churn (name, { clients, wanderers, rounds, ...shape }) {
  return await withServer(name, {}, async (server, end) => {
    const crowd = new Crowd(server, { count: clients, shape })
    const others = new Crowd(server, { count: wanderers, shape: { ...shape, keys: Math.min(10, shape.keys) } })
    end(async () => {
      await crowd.end()
      await others.end()
    })
    await crowd.open()
    const quiet = []
    const busy = []
    await playRounds(server, crowd, { symbols: shape.symbols, rounds: WARM_UP })
    // By turns, so that what else the machine does falls on both.
    for (let from = WARM_UP; from < WARM_UP + 4 * rounds; from += 2 * rounds) {
      quiet.push(...(await playRounds(server, crowd, { symbols: shape.symbols, from, rounds })).each)
      await others.wander(STAY_MS)
      busy.push(...(await playRounds(server, crowd, { symbols: shape.symbols, from: from + rounds, rounds })).each)
      await others.settle(STAY_MS)
    }
    return {
      quietP50Ms: quantile(quiet, 0.5),
      quietP99Ms: quantile(quiet, 0.99),
      busyP50Ms: quantile(busy, 0.5),
      busyP99Ms: quantile(busy, 0.99),
      worse: quantile(busy, 0.99) / quantile(quiet, 0.99),
    }
  })
}
