import closeWithGrace from 'close-with-grace'
import Fastify, { LogController, type FastifyInstance, type FastifyServerOptions } from 'fastify'
import { klinePush, type KlinePushOptions } from './index.ts'

export interface ServeOptions extends KlinePushOptions {
  host: string
  port: number
  logger: FastifyServerOptions['logger']
}

/** A server with the plugin and nothing else, listening. */
export async function serve ({ host, port, logger, ...options }: ServeOptions): Promise<FastifyInstance> {
  const app = Fastify({ logger: logger ?? false, logController: new LogController({ disableRequestLogging: true }) })
  try {
    await app.register(klinePush, options)
    await app.listen({ host, port })
  } catch (err) {
    await app.close()
    throw err
  }
  return app
}

/** The main job: serves until SIGTERM or Ctrl-C, then finishes what it took and says goodbye. */
export async function serveUntilStopped (options: ServeOptions): Promise<void> {
  const app = await serve(options)
  closeWithGrace({ delay: 10_000, logger: app.log }, async ({ err }) => {
    if (err !== undefined) app.log.error({ err }, 'the server goes down after an error')
    await app.close()
  })
}
