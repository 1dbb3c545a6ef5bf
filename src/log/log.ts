import type { Entry } from '../store/entry.ts'

/** Entries that one producer sent together: they are kept all, or none. `id` is what `append` said of them. */
export interface Batch { readonly id: number, readonly entries: readonly Entry[] }

/** The one order of everything that changes state. */
export interface Log {
  /** Puts entries at the end, and says by what number `tail` hands them out. Throws KLP_ERR_CLOSED after `close`. */
  append (entries: readonly Entry[]): number
  /** Hands out every batch in order, all that have come since the last time together, until the log is closed and empty. */
  tail (): AsyncIterable<readonly Batch[]>
  /** Takes no more; what was taken is still handed out. */
  close (): void
}
