import { join } from 'node:path'
import { findCommit, openPages } from './commits.ts'
import { DataFile } from './data-file.ts'
import { FILE, openRoot } from './directory.ts'
import { readMaking } from './making.ts'
import { isAlive } from './owner.ts'
import type { PageFile } from './page-file.ts'
import { newestOf } from './view.ts'

/**
 * Reads the file of a data directory as it is now, and changes nothing. Its owner may go on: a reader of LMDB sees to
 * it that the pages which were in use at the beginning are not used again before the end.
 *
 * @throws when there is no such file, or somebody began to write to it meanwhile
 */
export async function readSnapshot<T> (dataDir: string, read: (file: PageFile) => T | Promise<T>): Promise<T> {
  const file = openData(dataDir)
  let release = async (): Promise<void> => {}
  try {
    const owned = await hasOwner(file, dataDir)
    if (owned) release = hold(file.path)
    const before = findCommit(file)?.transaction
    const result = await read(file)
    if (!owned && findCommit(file)?.transaction !== before) throw new Error(`Somebody began to write to \`${file.path}\` meanwhile; try again`)
    return result
  } finally {
    await release()
    file.close()
  }
}

export function openData (dataDir: string): PageFile {
  try {
    return openPages(join(dataDir, FILE))
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code !== 'ENOENT') throw err
    throw new Error(`There are no bars in \`${dataDir}\`: it has no file \`${FILE}\``, { cause: err })
  }
}

/** Whether there is a process that has the data directory. */
export async function hasOwner (file: PageFile, dataDir: string): Promise<boolean> {
  const commit = findCommit(file)
  if (commit === undefined) return false
  const { owner } = readMaking(new DataFile(file, { commit, lost () {} }), file.path)
  return owner !== undefined && await isAlive(dataDir, owner)
}

function hold (path: string): () => Promise<void> {
  const root = openRoot(path, { readOnly: true })
  const transaction = newestOf(root)
  return async () => {
    transaction.done()
    await root.close()
  }
}
