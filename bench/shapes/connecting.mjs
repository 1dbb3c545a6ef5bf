import { setTimeout as pause } from 'node:timers/promises'
import { Crowd, now } from '../load/crowd.mjs'
import { minutes } from '../minutes.mjs'
import { withServer } from '../server.mjs'

const SETTLE_MS = 2000

/** `clients` connect and subscribe to `keys` each, of which there is one bar, and then do nothing. */
export async function connecting (name, { clients, ...shape }) {
  return await withServer(name, {}, async (server, end) => {
    await server.post(JSON.stringify(minutes(0, shape.symbols)))
    const crowd = new Crowd(server, { count: clients, shape })
    end(async () => { await crowd.end() })
    const empty = server.residentBytes()
    const before = server.cpu()
    const start = now()
    await crowd.open()
    const seconds = (now() - start) / 1000
    const after = server.cpu()
    await pause(SETTLE_MS)
    return {
      seconds,
      cpuUs: (after.user + after.system - before.user - before.system) / clients,
      userUs: (after.user - before.user) / clients,
      systemUs: (after.system - before.system) / clients,
      connectionKib: (server.residentBytes() - empty) / clients / 1024,
    }
  })
}
