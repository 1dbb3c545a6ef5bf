import type { Database, RootDatabase } from 'lmdb'
import { BYTES_TO_BYTES } from './clustered.ts'
import type { Entry } from './entry.ts'
import { decodeEntries } from './record.ts'
import type { View } from './view.ts'

/** Accepted entries in order, a record for each batch, under the place of its first entry in the log. */
export class Journal {
  readonly #records: Database<Buffer, Buffer>

  constructor (root: RootDatabase) {
    this.#records = root.openDB('journal', BYTES_TO_BYTES)
  }

  /** To be called inside a transaction; a record is what `encodeEntries` makes of entries. */
  put (position: number, record: Buffer): void {
    this.#records.put(positionKey(position), record)
  }

  /** The records from this place in the log on. */
  * read (from: number, view: View): Generator<{ position: number, entries: Entry[] }> {
    for (const { key, value } of this.#records.getRange({ start: positionKey(from), ...view })) yield { position: key.readUIntBE(0, 6), entries: decodeEntries(value) }
  }

  /** The place in the log of the oldest record; 0 if there is none. */
  begin (view: View): number {
    const [first] = this.#records.getKeys({ limit: 1, ...view })
    return first?.readUIntBE(0, 6) ?? 0
  }

  /** To be called inside a transaction. Drops what lies before `upTo` as a whole; the last record stays, because it says where the log is. */
  cut (upTo: number): void {
    let previous: Buffer | undefined
    for (const key of this.#records.getKeys({ end: positionKey(upTo + 1) })) {
      if (previous !== undefined) this.#records.remove(previous)
      previous = key
    }
  }
}

function positionKey (position: number): Buffer {
  const key = Buffer.allocUnsafe(6)
  key.writeUIntBE(position, 0, 6)
  return key
}
