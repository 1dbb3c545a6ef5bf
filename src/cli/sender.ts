import { createReadStream, statSync } from 'node:fs'
import { extname } from 'node:path'
import { addCounts, type Counts } from '../market/counts.ts'
import { readObjects } from './objects.ts'
import type { Pause } from './pause.ts'
import { postMinutes, type PostOptions, Refusal } from './post.ts'
import { createProgress, type Progress } from './progress.ts'
import { readRows, type Row } from './rows.ts'

export interface SendOptions {
  /** CSV, or NDJSON if its name ends with .ndjson or .jsonl. */
  readonly file: string
  /** Where the server is. */
  readonly to: string
  readonly out: NodeJS.WritableStream
  readonly err: NodeJS.WritableStream & { isTTY?: boolean }
  readonly fetch: typeof fetch
  /** What the server knows its producers by. */
  readonly token?: string | undefined
  readonly signal: AbortSignal
  /** For how long to go on trying when the server can't be had. @default 30000 */
  readonly patienceMs?: number
  readonly pause: Pause
}

export interface Totals extends Counts { bad: number }

/** Brings the minutes of a file to a server. Bad rows are named, counted and left out. */
export class Sender {
  readonly totals: Totals = { accepted: 0, duplicates: 0, revised: 0, bad: 0 }
  readonly #options: SendOptions
  readonly #post: PostOptions
  readonly #progress: Progress
  #sent = 0

  /** `path` goes behind the address of the server, unless that ends with it. */
  constructor (options: SendOptions, path: string) {
    const { patienceMs = 30_000, file, to, err } = options
    this.#options = options
    this.#post = { ...options, patienceMs, url: addressOf(to, path) }
    this.#progress = createProgress(err, statSync(file).size)
  }

  /** Sends with `send`, and says what became of it even if that is cut short. */
  async run (send: (rows: AsyncIterable<Row>) => Promise<void>): Promise<Totals> {
    const { signal, out } = this.#options
    try {
      await send(this.#goodRows())
    } catch (reason) {
      if (!signal.aborted) throw reason // what was sent until Ctrl-C is still worth a line
    } finally {
      this.#progress.stop()
      const { accepted, duplicates, revised, bad } = this.totals
      out.write(`${accepted} accepted, ${duplicates} duplicates, ${revised} revised${bad > 0 ? `, ${bad} bad` : ''}\n`)
    }
    return this.totals
  }

  async send (rows: readonly Row[]): Promise<void> {
    this.#options.signal.throwIfAborted()
    await this.#sendOrSplit(rows)
    this.#sent += rows.length
    this.#progress.update(rows[rows.length - 1].bytes, this.#sent)
  }

  async * #goodRows (): AsyncGenerator<Row> {
    const { file } = this.#options
    const read = ['.ndjson', '.jsonl'].includes(extname(file)) ? readObjects : readRows
    for await (const row of read(createReadStream(file))) {
      if ('minute' in row) yield row
      else this.#refuse(row.line, row.problem)
    }
  }

  /** The server takes all rows of a request or none, so a refused one is halved until the culprit is alone. */
  async #sendOrSplit (rows: readonly Row[]): Promise<void> {
    try {
      addCounts(this.totals, await postMinutes(rows.map(({ minute }) => minute), this.#post))
    } catch (err) {
      if (!(err instanceof Refusal)) throw err
      if (rows.length === 1) return this.#refuse(rows[0].line, err.message.replace(/^bar 0: /, ''))
      const middle = Math.ceil(rows.length / 2)
      await this.#sendOrSplit(rows.slice(0, middle))
      await this.#sendOrSplit(rows.slice(middle))
    }
  }

  #refuse (line: number, problem: string): void {
    this.totals.bad++
    this.#progress.say(`line ${line}: ${problem}`)
  }
}

function addressOf (to: string, path: string): URL {
  if (!URL.canParse(to)) throw new Error(`Expected a URL to send to, got \`${to}\``)
  const url = new URL(to)
  const base = url.pathname.replace(/\/$/, '')
  if (!base.endsWith(path)) url.pathname = `${base}${path}`
  return url
}
