import type { MinuteBar } from '../market/bar.ts'

/** A producer's word that every minute that opens before `time` has been sent: of these symbols, or of all. */
export interface Watermark { readonly kind: 'watermark', readonly time: number, readonly symbols?: readonly string[] | undefined }

/** The clock has passed `time` by the grace that late minutes have. */
export interface ClockMark { readonly kind: 'clock', readonly time: number }

/** Old minutes of one contract, which are not to be pushed one by one. */
export interface Import { readonly kind: 'import', readonly symbol: string, readonly minutes: readonly MinuteBar[] }

/** What the log is made of. */
export type Entry = MinuteBar | Watermark | ClockMark | Import

/** The minutes that an entry brings; a word about the time brings none. */
export function minutesOf (entry: Entry): readonly MinuteBar[] {
  if (!('kind' in entry)) return [entry]
  return entry.kind === 'import' ? entry.minutes : []
}
