const BEGIN = Date.UTC(2026, 0, 5)
const MINUTE = 60_000

/** The keys of client number `index`: as many neighbours as it wants of all symbols, from a place of its own. */
export function keysOf (index, { symbols, keys, periods }) {
  const first = keys >= symbols ? 0 : scatter(index) % symbols
  const list = []
  for (let i = 0; i < keys; i++) for (const period of periods) list.push(`S${(first + i) % symbols}.${period}`)
  return list
}

/** The same in every run, and not in step with the index. */
function scatter (index) {
  return Math.imul(index + 1, 0x9e3779b1) >>> 8
}

/** One minute of every symbol. */
export function minutes (round, symbols) {
  return Array.from({ length: symbols }, (_, i) => minute(round, i))
}

function minute (round, i) {
  const open = 100 + i + (round % 10) / 10
  return { symbol: `S${i}`, time: BEGIN + round * MINUTE, open, high: open + 1.25, low: open - 0.75, close: open + 0.5, volume: 1000 + i * round + 0.125 }
}
