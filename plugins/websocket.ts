import websocket, { type WebSocket } from '@fastify/websocket'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { CheckedOptions } from '../src/options.ts'
import { DEFLATE } from '../src/wire/pack.ts'

/** Brings WebSockets, unless the application has brought them itself. */
async function websocketPlugin (app: FastifyInstance, { maxFrameBytes, deflate }: CheckedOptions): Promise<void> {
  if (!app.hasDecorator('websocketServer')) {
    // Twice the limit, so that a frame somewhat too long gets an answer that says so, and one much too long gets 1009.
    await app.register(websocket, { options: { maxPayload: maxFrameBytes * 2, perMessageDeflate: deflate && DEFLATE }, errorHandler: endBroken })
  }
  app.server.on('upgrade', endUnreadable) // after the one that answers
}

/** A connection that breaks is a line, without the stack of whoever found out. */
function endBroken (err: NodeJS.ErrnoException, webSocket: WebSocket, request: FastifyRequest): void {
  if (err.code === undefined) request.log.error({ err }, 'a connection could not be handled')
  else request.log.info({ reason: err.message }, 'a connection broke')
  webSocket.terminate()
}

/** Fastify answers an address that it can't decode before any hook, and then nobody would end what was to be upgraded. */
function endUnreadable ({ url }: IncomingMessage, socket: Duplex): void {
  try {
    decodeURIComponent((url as string).split('?')[0])
  } catch {
    socket.end(() => { socket.destroy() })
  }
}

export default fp(websocketPlugin, { fastify: '5.x', name: 'kline-push-websocket', dependencies: ['kline-push-hub'] })
