import { pathToFileURL } from 'node:url'
import { OURS } from '../servers.mjs'

/** A module of the built project by its path in `src`, without the ending. */
export async function built (path) {
  return await import(new URL(`./${path}.js`, pathToFileURL(OURS)))
}
