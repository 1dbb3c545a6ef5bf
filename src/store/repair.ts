import { linkSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { RootDatabase } from 'lmdb'
import { KlineError } from '../errors.ts'
import { createLadder } from '../market/ladder.ts'
import { BYTES_TO_BYTES } from './clustered.ts'
import { openPages } from './commits.ts'
import { discard, FILE, openRoot, REPAIRING, WRITER } from './directory.ts'
import { sync } from './disk.ts'
import { inspect, type Tell } from './inspect.ts'
import { Meta } from './meta.ts'
import { claim } from './owner.ts'
import type { PageFile } from './page-file.ts'
import { type Found, Rebuild } from './rebuild.ts'
import { Salvage } from './salvage.ts'
import { hasOwner, openData } from './snapshot.ts'

/** What came of a repair: the name of the damaged file now, what was found in it, and what can't be known of that. */
export interface Repaired { readonly aside: string, readonly found: Found, readonly doubts: readonly string[] }

/**
 * Puts a new file, made of what can be read of the damaged one, in its place; that one stays beside it. Of what can't
 * be read `tell` hears. One that is sound is left as it is: undefined. A repair that is cut short leaves the damaged
 * file in its place, and what it had made, because of which no server starts.
 *
 * @throws KLP_ERR_IN_USE, KLP_ERR_INCOMPATIBLE
 */
export async function repairDirectory (dataDir: string, tell: Tell): Promise<Repaired | undefined> {
  const file = openData(dataDir)
  const path = join(dataDir, REPAIRING)
  const root = openRoot(path, WRITER)
  let release: (() => Promise<void>) | undefined
  try {
    const meta = new Meta(root)
    release = await claim(dataDir, meta.owner)
    if (await hasOwner(file, dataDir)) throw new KlineError('KLP_ERR_IN_USE', `The data directory \`${dataDir}\` is in use by another process`)
    if (isSound(file)) return undefined
    const salvage = new Salvage(file, tell)
    const found = await rebuild(salvage, { root, meta, dataDir })
    const made = openPages(path)
    inspect(made, (table, problem) => { throw new Error(`What was read of \`${file.path}\` makes no sound file (${table}: ${problem})`) })
    made.close()
    return { aside: putInPlace(dataDir), found, doubts: [...salvage.doubts(), ...found.spared > 0 ? [`${found.spared} late minutes are not in the longer bars, of which other parts are missing`] : []] }
  } finally {
    file.close()
    await root.close()
    if (release !== undefined) { // or it is another repair's
      discard(path)
      await release()
    }
  }
}

function isSound (file: PageFile): boolean {
  let sound = true
  inspect(file, () => { sound = false })
  return sound
}

async function rebuild (salvage: Salvage, { root, meta, dataDir }: { root: RootDatabase, meta: Meta, dataDir: string }): Promise<Found> {
  const { calendar, periods } = salvage.making
  if (calendar === undefined) throw new KlineError('KLP_ERR_INCOMPATIBLE', `The data directory \`${dataDir}\` was made with a calendar of its own, which a repair would have to know`)
  for (const table of ['bars', 'contracts', 'journal']) root.openDB(table, BYTES_TO_BYTES).clearSync() // of a repair that was cut short
  return await new Rebuild({ root, meta, ladder: createLadder(calendar, periods), dataDir }).fill(salvage)
}

/** Says under which name the damaged file is from now on. */
function putInPlace (dataDir: string): string {
  const path = join(dataDir, FILE)
  const aside = `${FILE}.damaged-${new Date().toISOString().replaceAll(/[:.]/g, '')}`
  sync(join(dataDir, REPAIRING))
  linkSync(path, join(dataDir, aside))
  rmSync(`${path}-lock`, { force: true }) // it counts the transactions of the damaged file
  renameSync(join(dataDir, REPAIRING), path)
  sync(dataDir)
  return aside
}
