import { readdirSync, renameSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { openPages } from './commits.ts'
import { discard, FILE, openFile, openRoot, WRITER } from './directory.ts'
import { makeDirectory, sync } from './disk.ts'
import { inspect, type Inventory, type Tell } from './inspect.ts'
import { Meta } from './meta.ts'
import { openData } from './snapshot.ts'

const PARTIAL = `${FILE}.partial`

/**
 * Copies the bars of a data directory, as they are now, into a directory that is new or empty, and looks whether the
 * copy is sound; `tell` hears if not. Its owner may go on. A server on the copy makes an epoch of its own, since its
 * bars and those of the original part from there on, and a position in the one says nothing of the other.
 *
 * @throws KLP_ERR_DAMAGED, KLP_ERR_IN_USE
 */
export async function backUp (dataDir: string, { to, tell }: { to: string, tell: Tell }): Promise<Inventory> {
  openData(dataDir).close()
  makeDirectory(to)
  const [other] = readdirSync(to).filter((name) => !name.startsWith(PARTIAL))
  if (other !== undefined) throw new Error(`Expected \`${to}\` to be a new directory or an empty one; it has \`${other}\``)
  const path = join(to, PARTIAL)
  try {
    discard(path) // of one that was cut short
    await copy(dataDir, path)
    const inventory = inspectCopy(path, tell)
    sync(path)
    renameSync(path, join(to, FILE))
    for (const directory of [to, dirname(resolve(to))]) sync(directory)
    return inventory
  } finally {
    discard(path)
  }
}

async function copy (dataDir: string, path: string): Promise<void> {
  const original = openFile(dataDir, { readOnly: true })
  try {
    await original.backup(path, false)
  } finally {
    await original.close()
  }
  const root = openRoot(path, WRITER)
  new Meta(root).forgetEpoch()
  await root.close()
}

function inspectCopy (path: string, tell: Tell): Inventory {
  let problems = 0
  const file = openPages(path)
  const inventory = inspect(file, (table, problem) => {
    problems++
    tell(table, problem)
  })
  file.close()
  if (problems > 0) throw new Error('The data are damaged, so there is no backup of them')
  return inventory
}
