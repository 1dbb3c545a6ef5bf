import { setTimeout as pause } from 'node:timers/promises'
import { quantile } from '../figures.mjs'
import { Crowd, now } from '../load/crowd.mjs'
import { minuteBody } from '../minutes.mjs'
import { Server } from '../server.mjs'

const BETWEEN_ROUNDS_MS = 30

/** Minutes of all symbols, one after the other, to `clients` with `keys` each. */
export async function fanOut (name, { clients, rounds, ...shape }) {
  const server = await Server.start(name)
  const crowd = new Crowd()
  try {
    const empty = server.residentBytes()
    await crowd.open(server, { count: clients, shape })
    const full = server.residentBytes()
    const bytes = await crowd.bytes()
    const before = server.cpu()
    const ends = []
    const each = []
    for (let round = 0; round < rounds; round++) {
      const body = minuteBody(round, shape.symbols)
      const over = crowd.round()
      const start = now()
      const [times] = await Promise.all([over, server.post(body)])
      for (const time of times) each.push(time - start)
      ends.push(Math.max(...each.slice(-times.length)))
      await pause(BETWEEN_ROUNDS_MS)
    }
    const after = server.cpu()
    const bars = clients * shape.keys * shape.periods.length * rounds
    return {
      cpuUs: (after.user + after.system - before.user - before.system) / bars,
      userUs: (after.user - before.user) / bars,
      systemUs: (after.system - before.system) / bars,
      lastP50Ms: quantile(ends, 0.5),
      lastP99Ms: quantile(ends, 0.99),
      clientP50Ms: quantile(each, 0.5),
      clientP99Ms: quantile(each, 0.99),
      bytes: (await crowd.bytes() - bytes) / bars,
      connectionKib: (full - empty) / clients / 1024,
    }
  } finally {
    crowd.end()
    await server.stop()
  }
}
