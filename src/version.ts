import { createRequire } from 'node:module'

/** That of this package. */
export function packageVersion (): string {
  const { version } = createRequire(import.meta.url)('kline-push/package.json') as { version: string }
  return version
}
