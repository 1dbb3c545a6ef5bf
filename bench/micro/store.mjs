import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { minutes } from '../minutes.mjs'
import { built } from './built.mjs'

const { utcCalendar } = await built('market/calendar')
const { createLadder } = await built('market/ladder')
const { PERIODS } = await built('market/period')
const { createLmdbStore } = await built('store/lmdb')

const SYMBOLS = 500

/** LMDB on disk: a batch until it is durable, and reads. */
export async function store (bench) {
  const dataDir = mkdtempSync(join(tmpdir(), 'kline-push-bench-'))
  process.on('exit', () => { rmSync(dataDir, { recursive: true }) })
  const lmdb = await createLmdbStore(createLadder(utcCalendar, PERIODS), { dataDir, onArchiveError: console.error })
  let round = 0
  let next = []
  const apply = async () => { for await (const { results } of lmdb.apply(next)) if (results.length === 0) break }
  for (; round < 600; round++) {
    next = minutes(round, SYMBOLS)
    await apply()
  }
  bench.add('store: 500 minutes, durable', apply, { beforeEach () { next = minutes(round++, SYMBOLS) } })
  bench.add('store: the newest 500 bars of a symbol', () => lmdb.buckets({ symbol: 'S7', period: '1m', limit: 500 }))
  bench.add('store: the newest bar of a symbol', () => lmdb.buckets({ symbol: 'S7', period: '5m', limit: 1 }))
}
