import { fail } from './cli/fail.ts'
import { serveUntilStopped } from './serve.ts'
import { serverSettings } from './settings.ts'

try {
  await serveUntilStopped(serverSettings(process.env))
} catch (err) {
  fail(err as Error)
}
