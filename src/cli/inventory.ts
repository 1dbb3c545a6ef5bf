import { PERIODS } from '../market/period.ts'
import type { Inventory } from '../store/inspect.ts'

/** `2 contracts, 14 bars (10 of 1m, 4 of 3m), 20 events, 3 entries in the journal`. */
export function inventoryText ({ contracts, bars, events, entries }: Inventory): string {
  const counts = PERIODS.flatMap((period) => bars.has(period) ? [`${bars.get(period)} of ${period}`] : [])
  const all = [...bars.values()].reduce((sum, count) => sum + count, 0)
  return `${contracts} contracts, ${all} bars${all > 0 ? ` (${counts.join(', ')})` : ''}, ${events} events, ${entries} entries in the journal`
}
