import fc from 'fast-check'
import type { FastifyInstance } from 'fastify'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { runBuilt } from './fixture/child.ts'
import { compile } from './fixture/compile.ts'
import { startSmallServer } from './fixture/continuity/server.ts'
import { anySteps } from './fixture/continuity/steps.ts'
import { type Power, World } from './fixture/continuity/world.ts'

// How long by hand; in the suite so many runs.
const MINUTES = Number(process.env.CONTINUITY_MINUTES ?? 0)
const RUNS = MINUTES > 0 ? 1_000_000 : 12

t.setTimeout(MINUTES > 0 ? MINUTES * 180_000 : 300_000)

function inProcess (dataDir: string): Power {
  let app: FastifyInstance | undefined
  return {
    async on () {
      app = await startSmallServer(dataDir)
      return app.listeningOrigin
    },
    async off () { await app?.close() },
  }
}

function inChild (t: Test, server: string, dataDir: string): Power {
  let child = runBuilt(t, server, { args: [dataDir] })
  return {
    async on () {
      const [origin] = await child.says(/http.*(?=\n)/)
      return origin
    },
    async off (how) {
      child.kill('SIGKILL')
      await child.ended
      if (how === 'kill') child = runBuilt(t, server, { args: [dataDir] })
    },
  }
}

async function hold (t: Test, { length, how, power }: { length: number, how: 'stop' | 'kill', power: (dataDir: string) => Power }): Promise<void> {
  const totals: Record<string, number> = { steps: 0 }
  const promise = fc.asyncProperty(anySteps(how, length), async (steps) => {
    const dataDir = await mkdtemp(join(t.testdirName, 'data-'))
    const world = await World.create(power(dataDir))
    try {
      for (const step of steps) await world.run(step)
    } finally {
      await world.end()
      await rm(dataDir, { recursive: true })
    }
    totals.steps += world.steps
    for (const { counts } of world.followers) for (const [name, count] of Object.entries(counts)) totals[name] = (totals[name] ?? 0) + count
    if (world.problems.length > 0) throw new Error(world.problems.slice(0, 5).join('\n'))
  })
  const { failed, seed, errorInstance } = await fc.check(promise, { numRuns: RUNS, endOnFailure: true, ...(MINUTES > 0 ? { interruptAfterTimeLimit: MINUTES * 60_000 } : undefined) })
  t.notOk(failed, `seed ${seed}: ${String(errorInstance).slice(0, 3000)}`)
  t.comment(JSON.stringify(totals))
  for (const name of ['recovered', 'snapshots', 'resets', 'heartbeats', 'events', 'slow', 'batches', 'deflated']) t.ok(totals[name] > 0, `${name}: ${totals[name]}`)
}

t.test('whatever happens in between, after it has caught up a follower has the bars of the server, by frames alone', async (t) => {
  t.testdir({})
  await hold(t, { length: 120, how: 'stop', power: inProcess })
})

t.test('the same with a server that is killed at any moment', async (t) => {
  const directory = t.testdir()
  await compile(directory, ['test/fixture/continuity'])
  const server = join(directory, 'dist/test/fixture/continuity/child.js')
  await hold(t, { length: 120, how: 'kill', power: (dataDir) => inChild(t, server, dataDir) })
})
