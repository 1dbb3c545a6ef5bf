import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const MANIFEST = 'kline-push/package.json'
const require = createRequire(import.meta.url)

/** The version of this package. */
export function packageVersion (): string {
  const { version } = require(MANIFEST) as { version: string }
  return version
}

/** Where something of this package is, such as `dist/page`. */
export function packagePath (path: string): string {
  return join(dirname(require.resolve(MANIFEST)), path)
}
