import type { FastifyInstance, FastifyRequest } from 'fastify'
import type hub from '../plugins/hub.ts'
import bearer from '../plugins/bearer.ts'
import limits from '../plugins/limits.ts'
import metrics, { countRefusals } from '../plugins/metrics.ts'
import origins from '../plugins/origins.ts'
import { type Serializers, withoutTokens } from '../plugins/redaction.ts'
import subscribers from '../plugins/subscribers.ts'
import swagger from '../plugins/swagger.ts'
import websocket from '../plugins/websocket.ts'
import bars from '../routes/bars.ts'
import docs from '../routes/docs.ts'
import health from '../routes/health.ts'
import imports from '../routes/imports.ts'
import klines from '../routes/klines.ts'
import metricsRoute from '../routes/metrics.ts'
import page from '../routes/page.ts'
import watermarks from '../routes/watermarks.ts'
import ws from '../routes/ws.ts'
import { checkOptions } from './check-options.ts'
import type { CheckedOptions, KlinePushOptions } from './options.ts'

/**
 * Everything that the plugin has, around a hub: one that owns its store, or one that follows. What guards our routes
 * is in scopes of its own, and leaves those of the application alone.
 */
export async function assemble (app: FastifyInstance, hubPlugin: typeof hub, options: KlinePushOptions<FastifyRequest>): Promise<void> {
  const checked = checkOptions(options)
  await app.register(metrics, checked)
  await app.register(hubPlugin, checked)
  await app.register(websocket, checked)
  const logSerializers = withoutTokens(app.log, (options as { logSerializers?: Serializers }).logSerializers)
  await app.register(ourRoutes, { ...checked, logSerializers })
}

async function ourRoutes (app: FastifyInstance, given: CheckedOptions): Promise<void> {
  const options = { ...given, prefix: '' } // which this scope has already
  await app.register(swagger, options) // a document of ours is of these routes alone
  for (const route of [health, metricsRoute, guardedRoutes, docs, page]) await app.register(route, options)
}

async function guardedRoutes (app: FastifyInstance, options: CheckedOptions): Promise<void> {
  countRefusals(app)
  await app.register(limits, options)
  await app.register(origins, options)
  await app.register(async function producerRoutes (scope) {
    await scope.register(bearer, { tokens: options.producerTokens, whose: 'a producer' })
    for (const route of [bars, imports, watermarks]) await scope.register(route, options)
  })
  await app.register(async function subscriberRoutes (scope) {
    await scope.register(subscribers, options)
    for (const route of [klines, ws]) await scope.register(route, options)
  })
}
