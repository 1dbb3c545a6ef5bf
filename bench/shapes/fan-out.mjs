import { quantile } from '../figures.mjs'
import { Crowd } from '../load/crowd.mjs'
import { playRounds } from '../rounds.mjs'
import { withServer } from '../server.mjs'

/** Minutes of all symbols, one after the other, to `clients` with `keys` each. */
export async function fanOut (name, { clients, rounds, ...shape }) {
  return await withServer(name, {}, async (server, end) => {
    const crowd = new Crowd(server, { count: clients, shape })
    end(async () => { await crowd.end() })
    const empty = server.residentBytes()
    await crowd.open()
    const full = server.residentBytes()
    const bytes = await crowd.bytes()
    const before = server.cpu()
    const { ends, each } = await playRounds(server, crowd, { symbols: shape.symbols, rounds })
    const after = server.cpu()
    const bars = crowd.barsPerRound * rounds
    const cpuUs = after.user + after.system - before.user - before.system
    return {
      cpuUs: cpuUs / bars,
      minuteMs: cpuUs / rounds / 1000,
      userUs: (after.user - before.user) / bars,
      systemUs: (after.system - before.system) / bars,
      lastP50Ms: quantile(ends, 0.5),
      lastP99Ms: quantile(ends, 0.99),
      clientP50Ms: quantile(each, 0.5),
      clientP99Ms: quantile(each, 0.99),
      bytes: (await crowd.bytes() - bytes) / bars,
      residentMib: full / 1024 / 1024,
      connectionKib: (full - empty) / clients / 1024,
    }
  })
}
