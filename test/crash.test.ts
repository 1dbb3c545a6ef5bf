import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createLmdbStore } from '../src/store/lmdb.ts'
import { createLadder } from '../src/market/ladder.ts'
import { utcCalendar } from '../src/market/calendar.ts'
import { type Period, PERIODS } from '../src/market/period.ts'
import type { MinuteBar } from '../src/market/bar.ts'
import t from 'tap'

const KILLS = 50
const START = Date.UTC(2026, 0, 1)
const SYMBOLS = ['A', 'B', 'C', 'D', 'E', 'F', 'G']
const ladder = createLadder(utcCalendar, PERIODS)

function minutesAt (minute: number): MinuteBar[] {
  return SYMBOLS.map((symbol, i) => ({ symbol, time: START + minute * 60_000, open: i + 1, high: i + 2 + minute, low: i, close: i + 1, volume: 0.1 }))
}

t.test('what was answered 200 survives kill -9 at any moment, whole, and the server starts again', { timeout: 400_000 }, async (t) => {
  const dataDir = t.testdir()
  let next = 0
  let acknowledged = 0
  for (let kill = 0; kill < KILLS; kill++) {
    const server = spawn(process.execPath, ['--import', 'tsx', 'test/fixture/crash-server.ts', dataDir], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, NODE_OPTIONS: '' } })
    const [line] = await once(server.stdout, 'data') as [Buffer]
    const url = `http://127.0.0.1:${Number(line.toString())}/bars`
    const timer = setTimeout(() => { server.kill('SIGKILL') }, 20 + Math.random() * 200)
    const dead = once(server, 'exit')
    try {
      for (;;) {
        const minute = next++
        const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(minutesAt(minute)) })
        const counts: unknown = await response.json()
        if (response.status !== 200) throw new Error(JSON.stringify(counts))
        acknowledged = minute + 1
      }
    } catch (err) {
      if (!(err instanceof TypeError)) { // what fetch throws when the server is gone
        server.kill('SIGKILL')
        throw err
      }
    }
    await dead
    clearTimeout(timer)
    next = acknowledged // the last one is unknown: it is sent again, and may be a duplicate
  }

  const survived = await createLmdbStore(ladder, { dataDir })
  const fresh = await createLmdbStore(ladder, { dataDir: `${dataDir}/fresh` })
  t.teardown(() => Promise.all([survived.close(), fresh.close()]))
  const last = survived.symbols()[0].lastTime
  t.ok(last >= START + (acknowledged - 1) * 60_000, `all ${acknowledged} acknowledged minutes are there`)
  const total = (last - START) / 60_000 + 1
  for (let minute = 0; minute < total; minute++) for await (const applied of fresh.apply(minutesAt(minute))) t.equal(applied.outcomes.length, SYMBOLS.length)
  for (const symbol of SYMBOLS) {
    for (const period of PERIODS as readonly Period[]) {
      const read = (store: typeof fresh) => store.buckets({ symbol, period, limit: 1_000_000 }).map((bucket) => bucket.toBar())
      t.strictSame(read(survived), read(fresh), `${symbol}.${period}: the bars of a server that never stopped`)
      t.equal(survived.position(symbol, period).seq, fresh.position(symbol, period).seq, `${symbol}.${period}: and its seq`)
    }
  }
  t.comment(`${acknowledged} minutes acknowledged over ${KILLS} kills`)
})
