import closeWithGrace from 'close-with-grace'
import cluster from 'node:cluster'
import Fastify, { LogController, type FastifyError, type FastifyInstance, type FastifyRequest, type FastifyServerOptions } from 'fastify'
import fp from 'fastify-plugin'
import type { Duplex } from 'node:stream'
import { onInterrupt } from './cli/interrupt.ts'
import follower from '../plugins/follower.ts'
import hub from '../plugins/hub.ts'
import { createTokenVerifier, type JwtSettings } from '../plugins/jwt.ts'
import { withoutToken } from '../plugins/redaction.ts'
import { assemble } from './assemble.ts'
import { KlineError } from './errors.ts'
import type { KlinePushOptions } from './index.ts'
import { systemClock } from './clock.ts'
import { isLoopback } from './loopback.ts'
import { roleOf, supervise, supervisorLine } from './supervisor.ts'
import { RollCall } from './team/roll-call.ts'
import { warmUp } from './warm-up.ts'

/** How long a request that was there at the end may take to be whole, and its answer to be read. */
const REQUEST_GRACE_MS = 2000
/** How long a request may take to come in at all other times; its head has a minute, as Node has it. */
const REQUEST_MS = 120_000

/** What the log has of a request, and has not of one that is no HTTP: a token may be in it. */
const NO_SECRETS = {
  serializers: { req: ({ method, url, ip }: FastifyRequest) => ({ method, url: withoutToken(url), remoteAddress: ip }) },
  redact: { paths: ['err.rawPacket'], remove: true },
}

export interface ServeOptions extends KlinePushOptions {
  host: string
  port: number
  logger: NonNullable<FastifyServerOptions['logger']>
  /** Whether it takes a third of a second to run in, before it listens. */
  warmUp?: boolean
  /** Whether another process owns the data directory, and this one shows what that one has. */
  follows?: boolean
  /** How tokens say who subscribers are; left out: they need not say so. */
  jwt?: JwtSettings
  /** Whose word on where a request comes from is taken: addresses of proxies. */
  trustProxy?: NonNullable<FastifyServerOptions['trustProxy']>
  /** Ends the warm-up before its time. */
  signal?: AbortSignal
}

export interface ServerSettings extends ServeOptions {
  /** How many processes share the port. */
  workers?: number
}

/** A server with the plugin and nothing else, listening. */
export async function serve ({ host, port, logger, warmUp: warm = false, follows = false, jwt, trustProxy = false, signal, ...options }: ServeOptions): Promise<FastifyInstance> {
  if (!isLoopback(host) && (options.producerTokens ?? []).length === 0) {
    throw new KlineError('KLP_ERR_OPTION', `Expected \`PRODUCER_TOKENS\` to be set where \`HOST\` is beyond loopback (\`${host}\`): without a token whoever reaches the port could post bars`)
  }
  const app = Fastify({
    logger: logger === false ? logger : { ...Object(logger), ...NO_SECRETS },
    trustProxy,
    logController: new LogController({ disableRequestLogging: true }),
    requestTimeout: REQUEST_MS, // Fastify's own is for ever
    return503OnClosing: false, // the hub's own answer says more
  })
  try {
    app.setErrorHandler<FastifyError>(function logFailure (err, request, reply) {
      if ((err.statusCode ?? 500) === 500) request.log.error({ err }, 'a request failed')
      return reply.send(err)
    })
    if (jwt !== undefined) options.verifyToken = await createTokenVerifier(app, jwt)
    await app.register(fp(async (instance) => { await assemble(instance, follows ? follower : hub, options) }, { name: 'kline-push' }))
    app.klineMetrics?.addProcess()
    const upgraded = new Set<Duplex>()
    app.server.on('upgrade', (_request, socket) => {
      upgraded.add(socket)
      socket.once('close', () => { upgraded.delete(socket) })
    })
    app.addHook('preClose', async function limitRequests () {
      setTimeout(() => {
        app.server.closeAllConnections()
        for (const socket of upgraded) socket.destroy()
      }, REQUEST_GRACE_MS).unref()
    })
    if (warm) await warmUp(options, signal).catch((err: unknown) => { app.log.warn({ err }, 'could not warm up, the first minutes will be slower') })
    await app.listen({ host, port })
  } catch (err) {
    await app.close()
    throw err
  }
  return app
}

/** The main job: serves until SIGTERM or Ctrl-C, then finishes what it took and says goodbye; in so many processes. */
export async function serveUntilStopped ({ workers = 1, ...options }: ServerSettings): Promise<void> {
  const role = roleOf(process)
  if (workers > 1 && role === undefined) return await supervise(workers, Fastify({ logger: options.logger }).log)
  if (role !== undefined) process.on('SIGINT', () => {}) // a terminal tells all of its processes; the supervisor says when it is this one's turn
  const interrupted = onInterrupt(role === undefined ? undefined : ['SIGTERM'])
  const app = await serve({ ...options, follows: role === 'follower', signal: interrupted }).catch((err: unknown) => {
    cluster.worker?.disconnect() // or the line to its supervisor would keep it from ending
    throw err
  })
  const { klineMetrics: metrics } = app
  if (role !== undefined) metrics?.join(new RollCall({ line: supervisorLine, clock: systemClock, answer: async () => await metrics.own() }))
  const { close } = closeWithGrace({ delay: 10_000, logger: app.log, skip: ['SIGINT', 'SIGTERM'] }, async ({ err }) => {
    if (err !== undefined) app.log.error({ err }, 'the server goes down after an error')
    await app.close()
  })
  if (interrupted.aborted) close()
  else interrupted.addEventListener('abort', close, { once: true })
  process.stdout.on('error', () => {}) // nobody reads the log, which is no reason to go down
}
