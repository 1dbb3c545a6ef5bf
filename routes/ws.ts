import type { WebSocket } from '@fastify/websocket'
import type { FastifyInstance } from 'fastify'
import type { Socket as NetSocket } from 'node:net'
import type { Socket } from '../src/push/socket.ts'

/** How long a peer may take to answer a close before its socket goes, and with it what it never read. */
const CLOSE_GRACE_MS = 2000
const NOTHING = Buffer.alloc(0)

export default async function wsRoute (app: FastifyInstance): Promise<void> {
  app.get('/ws', { websocket: true }, function acceptClient (webSocket, request) {
    const connection = app.klineHub.connect(fit(webSocket, request.raw.socket))
    webSocket.on('message', (message: Buffer, binary: boolean) => { connection.receive(message, { binary }) })
    webSocket.on('pong', () => { connection.ponged() })
    webSocket.on('close', () => { connection.end() })
    webSocket.on('error', (err) => { request.log.info({ err }, 'connection failed') })
  })
}

/**
 * Whole frames go to the request's own socket, past ws: it writes each of its frames in one synchronous step, so
 * ours and its own (pings, pongs, the close) never interleave.
 */
function fit (webSocket: WebSocket, raw: NetSocket): Socket {
  return {
    write (bytes) { if (webSocket.readyState === webSocket.OPEN) raw.write(bytes) },
    get buffered () { return raw.writableLength },
    whenDrained (callback) { raw.write(NOTHING, () => { callback() }) },
    ping () { webSocket.ping() },
    close (code, reason) {
      webSocket.close(code, reason)
      setTimeout(() => { webSocket.terminate() }, CLOSE_GRACE_MS).unref()
    },
    terminate () { webSocket.terminate() },
  }
}
