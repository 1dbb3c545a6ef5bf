import { fileURLToPath } from 'node:url'
import { median, quantile } from '../figures.mjs'
import { now } from '../load/crowd.mjs'
import { minutes } from '../minutes.mjs'
import { withServer } from '../server.mjs'

const PROBE = fileURLToPath(new URL('../machine/probe.mjs', import.meta.url))

/** Minutes of all symbols with nobody to push them to, against what the body costs to parse. */
export async function ingest (name, { symbols, rounds }) {
  return await withServer(name, { nodeOptions: ['--import', PROBE] }, async (server) => {
    const posts = []
    const parses = []
    const held = []
    await server.probe('held')
    const before = server.cpu()
    for (let round = 0; round < rounds; round++) {
      const body = JSON.stringify(minutes(round, symbols))
      posts.push(await timed(async () => { await server.post(body) }))
      parses.push(await timed(() => { JSON.parse(body) }))
      held.push((await server.probe('held')).longestMs)
    }
    const after = server.cpu()
    return {
      postP50Ms: quantile(posts, 0.5),
      postP99Ms: quantile(posts, 0.99),
      parseMs: median(parses),
      parses: median(posts) / median(parses),
      heldP50Ms: quantile(held, 0.5),
      heldMs: Math.max(...held),
      cpuUs: (after.user + after.system - before.user - before.system) / symbols / rounds,
    }
  })
}

async function timed (run) {
  const start = now()
  await run()
  return now() - start
}
