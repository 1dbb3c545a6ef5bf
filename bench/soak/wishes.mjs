import { symbolOf } from './market.mjs'

export const PERIODS = { '1m': 1, '3m': 3, '5m': 5, '15m': 15, '30m': 30, '1h': 60, '2h': 120, '4h': 240, '6h': 360, '8h': 480, '12h': 720, '1d': 1440 }
const LONG = ['4h', '6h', '8h', '12h', '1d']
const ALL = [...Object.keys(PERIODS), '3d', '1w', '1M']
const SHORT = ['3m', '5m', '15m', '30m', '1h', '2h']
const SLOW_CONTRACTS = 300

/** What client number `index` of a kind asks for. */
export const WISHES = {
  /** Of ten, seven hold a few keys, one of them in batches, and two hold keys of long periods and get heartbeats in between. */
  plain (index, { contracts, keys }) {
    const first = (Math.imul(index + 1, 0x9e3779b1) >>> 8) % contracts
    const symbols = Array.from({ length: Math.min(keys, contracts) }, (_, i) => symbolOf((first + i) % contracts))
    if (index % 10 >= 8) return { keys: symbols.map((symbol, i) => `${symbol}.${LONG[(index + i) % LONG.length]}`), closedOnly: true }
    return {
      keys: symbols.map((symbol, i) => `${symbol}.${i % 2 === 0 ? '1m' : SHORT[(index + i) % SHORT.length]}`),
      batch: index % 10 === 7,
      watermarks: index % 50 === 0,
    }
  },

  /**
   * Much to read. Every other one has long periods only, whose bars are unfinished for long: what waits for it is
   * replaced again and again and grows no further. The others fall so far behind that they are dropped.
   */
  slow (index, { contracts }) {
    const symbols = Array.from({ length: Math.min(SLOW_CONTRACTS, contracts) }, (_, i) => symbolOf((index * SLOW_CONTRACTS + i) % contracts))
    const periods = index % 2 === 1 ? ALL.slice(ALL.indexOf('1h')) : ALL
    return { keys: symbols.flatMap((symbol) => periods.map((period) => `${symbol}.${period}`)), counts: true }
  },

  /** Some periods of one contract, and the bars are kept. */
  auditor (index, { contracts }) {
    return { keys: ['1m', '3m', '5m', '15m', '1h', '4h'].map((period) => `${symbolOf(index * 7 % contracts)}.${period}`), history: 100, batch: index % 2 === 1, audits: true }
  },
}
