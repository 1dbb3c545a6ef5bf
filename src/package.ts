import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const MANIFEST = 'kline-push/package.json'
const require = createRequire(import.meta.url)

/** The version of this package. */
export function packageVersion (): string {
  const { version } = require(MANIFEST) as { version: string }
  return version
}

/**
 * Where something of this package is that a build makes, such as `dist/page`.
 *
 * @throws an error if it was not built, which happens in a clone of the sources only
 */
export function builtPath (path: string): string {
  const place = join(dirname(require.resolve(MANIFEST)), path)
  if (!existsSync(place)) throw new Error(`Expected \`${place}\` to be there; \`npm run build\` makes it`)
  return place
}
