import type { FastifyInstance } from 'fastify'
import type hub from '../plugins/hub.ts'
import swagger from '../plugins/swagger.ts'
import websocket from '../plugins/websocket.ts'
import bars from '../routes/bars.ts'
import docs from '../routes/docs.ts'
import health from '../routes/health.ts'
import imports from '../routes/imports.ts'
import klines from '../routes/klines.ts'
import watermarks from '../routes/watermarks.ts'
import ws from '../routes/ws.ts'
import { checkOptions, type KlinePushOptions } from './options.ts'

/** Everything that the plugin has, around a hub: one that owns its store, or one that follows. */
export async function assemble (app: FastifyInstance, hubPlugin: typeof hub, options: KlinePushOptions): Promise<void> {
  const checked = checkOptions(options)
  await app.register(hubPlugin, checked)
  await app.register(websocket, checked)
  // In a room of their own: a document of ours is of these routes alone.
  await app.register(async function routes (room) {
    await room.register(swagger, checked)
    for (const route of [bars, imports, watermarks, klines, health, ws, docs]) await room.register(route, checked)
  })
}
