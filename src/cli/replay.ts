import { createReadStream, statSync } from 'node:fs'
import type { Counts } from '../index.ts'
import { MINUTE } from '../market/period.ts'
import { groupMinutes, packMinutes } from './batches.ts'
import { type Pause, pauseUntil } from './pause.ts'
import { postMinutes, type PostOptions, Refusal } from './post.ts'
import { createProgress, type Progress } from './progress.ts'
import { readRows, type Row } from './rows.ts'

const BATCH = 500

export interface ReplayOptions {
  readonly file: string
  /** Minutes of market time per second; 0: as fast as the server takes them. */
  readonly speed: number
  /** Where the server is; `/bars` is added. */
  readonly to: string
  readonly out: NodeJS.WritableStream
  readonly err: NodeJS.WritableStream & { isTTY?: boolean }
  readonly fetch: typeof fetch
  readonly signal: AbortSignal
  /** @default 30000 */
  readonly patienceMs?: number
  readonly pause?: Pause
}

export interface Totals extends Counts { bad: number }

/** Sends a CSV file of minutes to a server, in the order of the file. Bad rows are named, counted and left out. */
export async function replay ({ file, speed, to, out, err, fetch, signal, patienceMs = 30_000, pause = pauseUntil }: ReplayOptions): Promise<Totals> {
  const run = new Replay(createProgress(err, statSync(file).size), { url: barsUrl(to), fetch, signal, patienceMs, pause })
  try {
    const rows = run.goodRows(file)
    await (speed === 0 ? run.sendAll(packMinutes(rows, BATCH)) : run.sendPaced(groupMinutes(rows), speed))
  } catch (reason) {
    if (!signal.aborted) throw reason // what was sent until Ctrl-C is still worth a line
  } finally {
    run.progress.stop()
    const { accepted, duplicates, revised, bad } = run.totals
    out.write(`${accepted} accepted, ${duplicates} duplicates, ${revised} revised${bad > 0 ? `, ${bad} bad` : ''}\n`)
  }
  return run.totals
}

class Replay {
  readonly totals: Totals = { accepted: 0, duplicates: 0, revised: 0, bad: 0 }
  readonly progress: Progress
  readonly #post: PostOptions
  #sent = 0

  constructor (progress: Progress, post: PostOptions) {
    this.progress = progress
    this.#post = post
  }

  async * goodRows (file: string): AsyncGenerator<Row> {
    for await (const row of readRows(createReadStream(file))) {
      if ('minute' in row) yield row
      else this.#refuse(row.line, row.problem)
    }
  }

  async sendAll (batches: AsyncIterable<Row[]>): Promise<void> {
    for await (const batch of batches) await this.#send(batch)
  }

  /** Due times count from the first minute, so that slow requests don't add up. */
  async sendPaced (minutes: AsyncIterable<Row[]>, speed: number): Promise<void> {
    let origin: { now: number, time: number } | undefined
    for await (const rows of minutes) {
      const { time } = rows[0].minute
      origin ??= { now: performance.now(), time }
      await this.#post.pause(origin.now + (time - origin.time) / MINUTE / speed * 1000, this.#post.signal)
      await this.#send(rows)
    }
  }

  async #send (rows: Row[]): Promise<void> {
    this.#post.signal.throwIfAborted()
    await this.#sendOrSplit(rows)
    this.#sent += rows.length
    this.progress.update(rows[rows.length - 1].bytes, this.#sent)
  }

  /** The server takes all rows of a request or none, so a refused one is halved until the culprit is alone. */
  async #sendOrSplit (rows: Row[]): Promise<void> {
    try {
      const counts = await postMinutes(rows.map(({ minute }) => minute), this.#post)
      this.totals.accepted += counts.accepted
      this.totals.duplicates += counts.duplicates
      this.totals.revised += counts.revised
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
    this.progress.say(`line ${line}: ${problem}`)
  }
}

function barsUrl (to: string): URL {
  if (!URL.canParse(to)) throw new Error(`Expected a URL to send to, got \`${to}\``)
  const url = new URL(to)
  if (!/\/bars\/?$/.test(url.pathname)) url.pathname = `${url.pathname.replace(/\/$/, '')}/bars`
  return url
}
