import websocket from '@fastify/websocket'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { CheckedOptions } from '../src/options.ts'

/** Brings WebSockets, unless the application has brought them itself. */
async function websocketPlugin (app: FastifyInstance, { maxFrameBytes }: CheckedOptions): Promise<void> {
  if (app.hasDecorator('websocketServer')) return
  // Twice the limit, so that a frame somewhat too long gets an answer that says so, and one much too long gets 1009.
  await app.register(websocket, { options: { maxPayload: maxFrameBytes * 2 } })
}

export default fp(websocketPlugin, { fastify: '5.x', name: 'kline-push-websocket', dependencies: ['kline-push-hub'] })
