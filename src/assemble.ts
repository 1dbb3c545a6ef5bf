import type { FastifyInstance } from 'fastify'
import type hub from '../plugins/hub.ts'
import metrics from '../plugins/metrics.ts'
import { type Serializers, withoutTokens } from '../plugins/redaction.ts'
import websocket from '../plugins/websocket.ts'
import bars from '../routes/bars.ts'
import health from '../routes/health.ts'
import imports from '../routes/imports.ts'
import klines from '../routes/klines.ts'
import metricsRoute from '../routes/metrics.ts'
import watermarks from '../routes/watermarks.ts'
import ws from '../routes/ws.ts'
import { checkOptions, type KlinePushOptions } from './options.ts'

/** Everything that the plugin has, around a hub: one that owns its store, or one that follows. */
export async function assemble (app: FastifyInstance, hubPlugin: typeof hub, options: KlinePushOptions): Promise<void> {
  const checked = checkOptions(options)
  await app.register(metrics, checked)
  await app.register(hubPlugin, checked)
  await app.register(websocket, checked)
  const logSerializers = withoutTokens(app.log, (options as { logSerializers?: Serializers }).logSerializers)
  for (const route of [bars, imports, watermarks, klines, health, metricsRoute, ws]) await app.register(route, { ...checked, logSerializers })
}
