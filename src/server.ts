import closeWithGrace from 'close-with-grace'
import { serve } from './serve.ts'
import { serverSettings } from './settings.ts'

const app = await serve(serverSettings(process.env))
closeWithGrace({ delay: 10_000, logger: app.log }, async ({ err }) => {
  if (err !== undefined) app.log.error({ err }, 'the server goes down after an error')
  await app.close()
})
