import type { MinuteBar } from '../market/bar.ts'
import type { Bucket } from '../market/bucket.ts'
import { minutesOf } from './entry.ts'
import type { Salvage } from './salvage.ts'

/** A minute of the journal, and whether it came after what the archive has of its contract. */
interface Recent { readonly minute: MinuteBar, readonly newer: boolean }

/** Every minute that can be read, by contract and ascending, each as the newest word of it. */
export function * salvageMinutes (salvage: Salvage): Generator<MinuteBar> {
  const journal = readJournal(salvage)
  let symbol = ''
  let recent: readonly Recent[] = []
  let next = 0
  for (const { symbol: of, period, bars: [bar] } of salvage.bars()) {
    if (period !== '1m') continue
    if (of !== symbol) {
      for (; next < recent.length; next++) yield recent[next].minute
      symbol = of
      next = 0
      recent = journal.get(symbol) ?? []
      journal.delete(symbol)
    }
    for (; recent[next]?.minute.time < bar.time; next++) yield recent[next].minute
    const same = recent[next]?.minute.time === bar.time ? recent[next++] : undefined
    yield same?.newer === true ? same.minute : minuteOf(symbol, bar)
  }
  for (const others of [recent.slice(next), ...journal.values()]) for (const { minute } of others) yield minute
}

/** The newest word of each minute in the journal, by contract, ascending. */
function readJournal (salvage: Salvage): Map<string, readonly Recent[]> {
  const archived = new Map<string, number>()
  for (const { symbol, state } of salvage.contracts()) archived.set(symbol, state.position)
  const newest = new Map<string, Map<number, Recent>>()
  for (const { position, entries } of salvage.records()) {
    for (const [i, entry] of entries.entries()) {
      for (const minute of minutesOf(entry)) {
        const times = newest.get(minute.symbol) ?? new Map<number, Recent>()
        newest.set(minute.symbol, times.set(minute.time, { minute, newer: position + i >= (archived.get(minute.symbol) ?? 0) }))
      }
    }
  }
  return new Map(Array.from(newest, ([symbol, times]) => [symbol, [...times.values()].sort((a, b) => a.minute.time - b.minute.time)]))
}

function minuteOf (symbol: string, bar: Bucket): MinuteBar {
  const { closed, revision, ...values } = bar.toBar()
  return { symbol, ...values }
}
