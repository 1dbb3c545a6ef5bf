import { MAX_BATCH } from '../wire/minutes.ts'
import type { Row } from './rows.ts'

/** Rows of one minute that follow each other, together; at most as many as one request may hold. */
export async function * groupMinutes (rows: AsyncIterable<Row>, most = MAX_BATCH): AsyncGenerator<Row[]> {
  let group: Row[] = []
  for await (const row of rows) {
    if (group.length === most || (group.length > 0 && group[0].minute.time !== row.minute.time)) {
      yield group
      group = []
    }
    group.push(row)
  }
  if (group.length > 0) yield group
}

/** As many whole minutes at a time as `most` rows can hold; only a minute that is longer is cut. */
export async function * packMinutes (rows: AsyncIterable<Row>, most: number): AsyncGenerator<Row[]> {
  let batch: Row[] = []
  for await (const group of groupMinutes(rows, most)) {
    if (batch.length + group.length > most) {
      yield batch
      batch = []
    }
    batch.push(...group)
  }
  if (batch.length > 0) yield batch
}

/** `size` rows at a time. */
export async function * pack (rows: AsyncIterable<Row>, size: number): AsyncGenerator<Row[]> {
  let batch: Row[] = []
  for await (const row of rows) {
    batch.push(row)
    if (batch.length < size) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}
