import { inspect } from '../store/inspect.ts'
import { readSnapshot } from '../store/snapshot.ts'
import { inventoryText } from './inventory.ts'
import { Problems } from './problems.ts'

export interface CheckOptions { readonly dataDir: string, readonly out: NodeJS.WritableStream }

/** Looks whether a data directory is sound, says what there is and what is wrong with it; how many problems. */
export async function check ({ dataDir, out }: CheckOptions): Promise<number> {
  const problems = new Problems(out)
  await readSnapshot(dataDir, (file) => {
    const inventory = inspect(file, problems.tell)
    problems.end()
    out.write(`${inventoryText(inventory)}, ${file.bytes} bytes\n`)
  })
  out.write(problems.count === 0 ? 'sound\n' : `damaged: \`kline-push repair --data-dir ${dataDir}\` makes a sound one of what can be read\n`)
  return problems.count
}
