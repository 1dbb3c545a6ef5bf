import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { salvageMinutes } from '../store/minutes.ts'
import { Salvage } from '../store/salvage.ts'
import { readSnapshot } from '../store/snapshot.ts'
import { Problems } from './problems.ts'

const CHUNK = 65_536

export interface ExportOptions {
  readonly dataDir: string
  /** A file that is not there yet; left out: to `out`. */
  readonly to?: string | undefined
  readonly out: NodeJS.WritableStream
  readonly err: NodeJS.WritableStream
  readonly signal: AbortSignal
}

/** Writes every minute that can be read, a line of JSON for each, as `import` takes it; how many problems. */
export async function exportMinutes ({ dataDir, to, out, err, signal }: ExportOptions): Promise<number> {
  const problems = new Problems(err)
  await readSnapshot(dataDir, async (file) => {
    const salvage = new Salvage(file, problems.tell)
    const counts = { minutes: 0, contracts: 0 }
    const lines = Readable.from(linesOf(salvage, counts))
    if (to === undefined) await pipeline(lines, out, { end: false, signal })
    else await pipeline(lines, createWriteStream(to, { flags: 'wx' }), { signal })
    problems.end()
    err.write(`${counts.minutes} minutes of ${counts.contracts} contracts\n`)
    for (const doubt of salvage.doubts()) err.write(`${doubt}\n`)
  })
  return problems.count
}

function * linesOf (salvage: Salvage, counts: { minutes: number, contracts: number }): Generator<string> {
  let chunk = ''
  let symbol: string | undefined
  for (const minute of salvageMinutes(salvage)) {
    counts.minutes++
    if (minute.symbol !== symbol) counts.contracts++
    symbol = minute.symbol
    chunk += `${JSON.stringify(minute)}\n`
    if (chunk.length < CHUNK) continue
    yield chunk
    chunk = ''
  }
  if (chunk !== '') yield chunk
}
