import { setTimeout as pause } from 'node:timers/promises'
import { Crowd, now } from '../load/crowd.mjs'
import { minutes } from '../minutes.mjs'
import { withServer } from '../server.mjs'

/** Handshakes under way at a time: a storm has no manners. */
const AT_ONCE = 500

/** `clients` drop, miss some minutes and come back with `since`, against the same clients when they first came. */
export async function storm (name, { clients, missed, ...shape }) {
  return await withServer(name, {}, async (server, end) => {
    let minute = 0
    const post = async () => { await server.post(JSON.stringify(minutes(minute++, shape.symbols))) }
    await post()
    const crowd = new Crowd(server, { count: clients, shape })
    end(async () => { await crowd.end() })

    const first = await measured(server, async () => { await crowd.open({ atOnce: AT_ONCE }) })
    const { epoch, seq } = await server.get('/klines?symbol=S0&period=1m&limit=1')
    await crowd.drop()
    while ((await server.get('/health')).connections > 0) await pause(20)
    for (let i = 0; i < missed; i++) await post()

    const back = await measured(server, async () => {
      const over = crowd.round()
      await crowd.open({ atOnce: AT_ONCE, since: { epoch, seq }, missed })
      await over
    })
    return {
      firstSeconds: first.seconds,
      firstCpuUs: first.cpuUs / clients,
      backSeconds: back.seconds,
      backCpuUs: back.cpuUs / clients,
      replayed: missed * crowd.barsPerRound,
      cpuRatio: back.cpuUs / first.cpuUs,
      timeRatio: back.seconds / first.seconds,
    }
  })
}

async function measured (server, run) {
  const before = server.cpu()
  const start = now()
  await run()
  const seconds = (now() - start) / 1000
  const after = server.cpu()
  return { seconds, cpuUs: after.user + after.system - before.user - before.system }
}
