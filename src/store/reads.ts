import type { Bucket } from '../market/bucket.ts'
import type { Period } from '../market/period.ts'
import type { Book } from './book.ts'
import type { EventQuery, Position, Query, Reads, SymbolInfo } from './store.ts'

/** How every store is read: out of its book. */
export abstract class BookReads implements Reads {
  readonly epoch: string
  readonly periods: readonly Period[]
  protected readonly book: Book

  constructor (book: Book, epoch: string) {
    this.book = book
    this.epoch = epoch
    this.periods = book.periods
  }

  reaches (symbol: string, time: number): boolean {
    return this.book.reaches(symbol, time)
  }

  position (symbol: string, period: Period): Position {
    return { epoch: this.epoch, seq: this.book.seq(symbol, period) }
  }

  buckets (query: Query): Bucket[] {
    return this.book.buckets(query)
  }

  events (query: EventQuery): Bucket[] | undefined {
    return this.book.events(query)
  }

  open (symbol: string, period: Period): Bucket | undefined {
    return this.book.open(symbol, period)
  }

  symbols (): SymbolInfo[] {
    return this.book.symbols()
  }

  has (symbol: string): boolean {
    return this.book.contracts.has(symbol)
  }

  get size (): number {
    return this.book.contracts.size
  }

  abstract close (): Promise<void>
}
