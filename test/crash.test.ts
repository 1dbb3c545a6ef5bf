import t, { type Test } from 'tap'
import type { FastifyInstance } from 'fastify'
import { join } from 'node:path'
import { type Counts, type MinuteBar, PERIODS } from '../src/index.ts'
import { serve } from '../src/serve.ts'
import { runBuilt } from './fixture/child.ts'
import { compile } from './fixture/compile.ts'

// Two servers, each killed so many times; side by side because they mostly wait to be up again.
const KILLS = 26
const START = Date.UTC(2026, 0, 1)
const SYMBOLS = ['A', 'B', 'C', 'D', 'E', 'F', 'G']
// Twice an archive that runs after every sixth minute, then one that never does, on the same data.
const ARCHIVE_EVERY = [40, 40, 65_536]

t.setTimeout(300_000)

function minutesAt (minute: number): MinuteBar[] {
  return SYMBOLS.map((symbol, i) => ({ symbol, time: START + minute * 60_000, open: i + 1, high: i + 2 + minute, low: i, close: i + 1, volume: 0.1 }))
}

interface Life { readonly server: string, readonly dataDir: string, readonly archiveEvery: number, readonly first: number }

/** Sends minutes to a server until it is dead; returns the first one that it did not answer, and what it said of the others. */
async function live (t: Test, { server, dataDir, archiveEvery, first }: Life): Promise<{ next: number, answers: Counts[] }> {
  const child = runBuilt(t, server, { args: [dataDir, String(archiveEvery)] })
  const [url] = await child.says(/http.*(?=\n)/)
  const answers: Counts[] = []
  const last = Math.floor(Math.random() * 40)
  try {
    for (let minute = first; ; minute++) {
      if (answers.length === last) setTimeout(() => { child.kill('SIGKILL') }, Math.random() * 20)
      const response = await fetch(`${url}/bars`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(minutesAt(minute)) })
      const answer = await response.json()
      if (response.status !== 200) throw new Error(JSON.stringify(answer))
      answers.push(answer as Counts)
    }
  } catch (err) {
    if (!(err instanceof TypeError)) throw err // a TypeError is what fetch throws when the server is gone
  }
  t.match(await child.ended, { signal: 'SIGKILL' }, child.err)
  return { next: first + answers.length, answers }
}

/** Everything that a server says of the symbols, period by period; the epoch is another on each. */
function shown ({ klineHub }: FastifyInstance) {
  return SYMBOLS.flatMap((symbol) => PERIODS.map((period) => ({ ...klineHub.klines({ symbol, period, limit: 1_000_000 }), epoch: undefined })))
}

t.test('what was answered 200 survives kill -9 at any moment, whole, and the server starts again', async (t) => {
  const directory = t.testdir()
  await compile(directory, ['test/fixture/crash-server.ts'])
  const server = join(directory, 'dist/test/fixture/crash-server.js')
  const whole = { accepted: SYMBOLS.length, duplicates: 0, revised: 0 }
  const again = { accepted: 0, duplicates: SYMBOLS.length, revised: 0 }

  await Promise.all(['one', 'two'].map(async (name) => {
    const dataDir = join(directory, name)
    let next = 0
    for (let kill = 0; kill < KILLS; kill++) {
      const life = await live(t, { server, dataDir, archiveEvery: ARCHIVE_EVERY[kill % ARCHIVE_EVERY.length], first: next })
      next = life.next
      // The minute that was under way at the kill is there as a whole, or not at all.
      const [first = whole, ...others] = life.answers
      t.strictSame(first, first.accepted > 0 ? whole : again)
      t.ok(others.every(({ accepted }) => accepted === SYMBOLS.length))
    }
    const settings = { host: '127.0.0.1', port: 0, logger: false, memoryBars: 1_000_000, maxBarsPerQuery: 1_000_000 }
    const survived = await serve({ ...settings, dataDir })
    const fresh = await serve(settings)
    const { lastTime } = survived.klineHub.symbols()[0]
    t.ok(lastTime >= START + (next - 1) * 60_000, `all ${next} acknowledged minutes are there`)
    for (let minute = 0; START + minute * 60_000 <= lastTime; minute++) await fresh.klineHub.ingest(minutesAt(minute))
    t.strictSame(shown(survived), shown(fresh), 'the bars and the seq of a server that never stopped')
    await Promise.all([survived.close(), fresh.close()])
    t.comment(`${next} minutes acknowledged over ${KILLS} kills`)
  }))
})
