import { backUp } from '../store/backup.ts'
import { inventoryText } from './inventory.ts'
import { Problems } from './problems.ts'

export interface BackupOptions { readonly dataDir: string, readonly to: string, readonly out: NodeJS.WritableStream }

/** Copies the bars of a data directory into another one. */
export async function backup ({ dataDir, to, out }: BackupOptions): Promise<void> {
  const problems = new Problems(out)
  try {
    const inventory = await backUp(dataDir, { to, tell: problems.tell })
    out.write(`${inventoryText(inventory)} are in \`${to}\`\n`)
  } finally {
    problems.end()
  }
}
