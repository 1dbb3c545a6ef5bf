import { difference } from './series.mjs'
import { foldMinutes, symbolOf } from './market.mjs'
import { PERIODS } from './wishes.mjs'

const MINUTE = 60_000
/** How many minutes back bars are compared: within what the server keeps. */
const BACK = 2000
/** The bars of every so many-th contract are compared, the `seq` of all. */
const EVERY = 25

/** How many durable events the minutes of each contract have had. */
export async function seqsOf (server, contracts) {
  const seqs = []
  for (let contract = 0; contract < contracts; contract++) {
    const { seq } = await server.get(`/klines?symbol=${symbolOf(contract)}&period=1m&limit=1`)
    seqs.push(seq)
  }
  return seqs
}

/**
 * Whether the server has what was sent, each once: the `seq` of every contract has grown by as many as its minutes
 * have changed, and bars are those of the minutes. `stepsOf(contract)` says how far its producer has come, `seqs` where
 * it was before, `since` which minute is the oldest. Resolves with how many bars were compared.
 */
export async function compareWithSent ({ server, market, contracts, stepsOf, seqs, since, onFault }) {
  let compared = 0
  const now = await seqsOf(server, contracts)
  for (let contract = 0; contract < contracts; contract++) {
    const steps = stepsOf(contract)
    const events = market.events(contract, steps)
    if (now[contract] !== seqs[contract] + events) onFault('sent', `${symbolOf(contract)}.1m: ${events} changes of minutes were sent, and \`seq\` went from ${seqs[contract]} to ${now[contract]}`, 1)
    if (contract % EVERY !== 0) continue
    for (const [period, length] of Object.entries(PERIODS)) {
      const start = Math.ceil(market.timeOf(Math.max(since, steps - BACK)) / (length * MINUTE)) * length * MINUTE
      const minutes = market.minutes(contract, { first: (start - market.timeOf(0)) / MINUTE, steps })
      const { bars } = await server.get(`/klines?symbol=${symbolOf(contract)}&period=${period}&start=${start}&limit=5000`)
      const text = difference(bars.map(valuesOf), foldMinutes(minutes, length))
      if (text !== undefined) onFault('sent', `${symbolOf(contract)}.${period}: the server's ${text} by what was sent`, 1)
      compared += bars.length
    }
  }
  return compared
}

function valuesOf ({ closed, revision, ...values }) {
  return values
}
