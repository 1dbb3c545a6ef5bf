import { serveUntilStopped } from './serve.ts'
import { serverSettings } from './settings.ts'

await serveUntilStopped(serverSettings(process.env))
