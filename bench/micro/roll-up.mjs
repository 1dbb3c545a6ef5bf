import { minutes } from '../minutes.mjs'
import { built } from './built.mjs'

const { utcCalendar } = await built('market/calendar')
const { createLadder } = await built('market/ladder')
const { PERIODS } = await built('market/period')
const { createMemoryStore } = await built('store/memory')

const SYMBOLS = 500

/** A minute of 500 symbols into one period, and into all fifteen; bars in memory. */
export async function rollUp (bench) {
  for (const periods of [['1m'], PERIODS]) {
    const store = createMemoryStore(createLadder(utcCalendar, periods), { bars: 1000 })
    let round = 0
    let next = []
    bench.add(`roll-up: 500 minutes into ${periods.length} periods`, async () => {
      for await (const { results } of store.apply(next)) if (results.length === 0) break
    }, { beforeEach () { next = minutes(round++, SYMBOLS) } })
  }
}
