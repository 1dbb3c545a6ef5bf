import type { Readable } from 'node:stream'

export interface Line {
  /** Without its end; of a line that is too long, its beginning. */
  readonly text: string
  readonly tooLong: boolean
  /** Its number, from 1 up. */
  readonly line: number
  /** How far into the file it ends. */
  readonly bytes: number
}

const NEWLINE = 0x0a

/** The lines of a file. No more than `longest` bytes of a line are kept, so that a file without line ends does no harm. */
export async function * readLines (input: Readable, longest: number): AsyncGenerator<Line> {
  let head = Buffer.alloc(0) // what has come of the line that is under way
  let line = 0
  let bytes = 0
  const next = (end: Buffer): Line => {
    const whole = Buffer.concat([head, end])
    head = Buffer.alloc(0)
    return { text: whole.toString('utf8', 0, longest), tooLong: whole.length > longest, line: ++line, bytes }
  }
  for await (const chunk of input as AsyncIterable<Buffer>) {
    let from = 0
    for (let to = chunk.indexOf(NEWLINE); to !== -1; to = chunk.indexOf(NEWLINE, from)) {
      bytes += to + 1 - from
      yield next(chunk.subarray(from, to))
      from = to + 1
    }
    bytes += chunk.length - from
    head = Buffer.concat([head, chunk.subarray(from)]).subarray(0, longest + 1)
  }
  if (head.length > 0) yield next(Buffer.alloc(0))
}
