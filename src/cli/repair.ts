import { repairDirectory } from '../store/repair.ts'
import { Problems } from './problems.ts'

export interface RepairOptions { readonly dataDir: string, readonly out: NodeJS.WritableStream }

/** Makes a sound data directory of a damaged one, and says what was found and what was not. */
export async function repair ({ dataDir, out }: RepairOptions): Promise<void> {
  const problems = new Problems(out)
  const repaired = await repairDirectory(dataDir, problems.tell)
  problems.end()
  if (repaired === undefined) {
    out.write('sound: nothing to repair\n')
    return
  }
  const { aside, found: { contracts, bars, entries }, doubts } = repaired
  out.write(`recovered ${contracts} contracts, ${bars} bars, ${entries} entries of the journal${problems.count === 0 ? ', which is all there was' : ''}\n`)
  for (const doubt of doubts) out.write(`${doubt}\n`)
  out.write(`the damaged file is \`${aside}\` now\n`)
}
