import type { Readable } from 'node:stream'
import { parseMinutes } from '../wire/minutes.ts'
import { readLines } from './lines.ts'
import type { BadRow, Row } from './rows.ts'

const LONGEST = 65_536

/** The minutes of an NDJSON file: on each line a bar as `POST /bars` takes it. */
export async function * readObjects (input: Readable): AsyncGenerator<Row | BadRow> {
  for await (const { text, tooLong, line, bytes } of readLines(input, LONGEST)) {
    const json = text.trim()
    if (json === '') continue
    try {
      if (tooLong) throw new Error(`Expected a line of at most ${LONGEST} bytes`)
      yield { line, bytes, minute: parseMinutes([JSON.parse(json.replace(/^\uFEFF/, ''))])[0] }
    } catch (err) {
      yield { line, bytes, problem: (err as Error).message.replace(/^bar 0: /, '') }
    }
  }
}
