import type { WebSocket } from '@fastify/websocket'
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Socket as NetSocket } from 'node:net'
import { CLOSE_CODES } from '../src/errors.ts'
import type { Socket } from '../src/push/socket.ts'
import { subnetOf } from '../src/push/subnet.ts'
import { DEFLATE } from '../src/wire/pack.ts'

/** How long a peer may take to answer a close before its socket goes, and with it what it never read; less when the server goes. */
const CLOSE_GRACE_MS = 5000
const GOING_GRACE_MS = 2000
const NOTHING = Buffer.alloc(0)

/** By which the log tells the connections of a process apart. */
let lastConnection = 0

export default async function wsRoute (app: FastifyInstance): Promise<void> {
  // Where the application has brought WebSockets itself, it may have agreed with a client on less than our frames need.
  const isOurs = app.websocketServer.options.perMessageDeflate === DEFLATE
  app.get('/ws', { websocket: true, onRequest: admitClient }, function acceptClient (webSocket, request) {
    app.websocketServer.clients.delete(webSocket) // when the application closes, its goodbye is the hub's to say
    const { raw: { socket: raw }, klineIdentity: identity } = request // and nothing else of the request stays for as long as the connection
    const began = performance.now()
    // Not a child of the request's, or all of the request would stay.
    const log = app.log.child({ connection: ++lastConnection }, { level: request.log.level })
    log.info({ remoteAddress: request.ip, identity: identity?.id }, 'a connection opened')
    const socket = new WholeFrames(webSocket, { raw, deflates: isOurs && webSocket.extensions.includes('permessage-deflate'), log })
    const connection = app.klineHub.connect(socket, { address: subnetOf(request.ip), identity, logger: log })
    webSocket.on('message', (message: Buffer, binary: boolean) => { connection.receive(message, { binary }) })
    webSocket.on('ping', () => { connection.pinged() })
    webSocket.on('pong', () => { connection.ponged() })
    webSocket.on('close', (code) => {
      connection.end(code)
      log.info({ code, ms: Math.round(performance.now() - began) }, 'a connection closed')
    })
  })

  /** Before the upgrade, so that whoever is not let in costs an answer and no WebSocket. */
  async function admitClient (request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const address = subnetOf(request.ip)
    app.klineHub.checkRoom({ address })
    app.checkKlineOrigin(request)
    await app.identifySubscriber(request, reply)
    app.klineHub.checkRoom({ address, identity: request.klineIdentity?.id })
  }
}

/**
 * Whole frames go to the request's own socket, past ws: it writes each of its frames in one synchronous step, so
 * ours and its own (pings, pongs, the close) never interleave.
 */
class WholeFrames implements Socket {
  readonly deflates: boolean
  readonly #webSocket: WebSocket
  readonly #raw: NetSocket
  readonly #log: FastifyBaseLogger

  constructor (webSocket: WebSocket, { raw, deflates, log }: { raw: NetSocket, deflates: boolean, log: FastifyBaseLogger }) {
    this.deflates = deflates
    this.#webSocket = webSocket
    this.#raw = raw
    this.#log = log
  }

  get buffered (): number {
    return this.#raw.writableLength
  }

  write (bytes: Uint8Array): void {
    if (this.#webSocket.readyState === this.#webSocket.OPEN) this.#raw.write(bytes)
  }

  whenDrained (callback: () => void): void {
    this.#raw.write(NOTHING, () => { callback() })
  }

  ping (): void {
    this.#webSocket.ping()
  }

  close (code: number, reason: string): void {
    const webSocket = this.#webSocket
    const isGoodbye = code === CLOSE_CODES.goingAway.code
    if (!isGoodbye) this.#log.warn({ code, reason }, 'a subscriber is dropped')
    webSocket.close(code, reason)
    setTimeout(() => { webSocket.terminate() }, isGoodbye ? GOING_GRACE_MS : CLOSE_GRACE_MS).unref()
  }

  terminate (): void {
    this.#webSocket.terminate()
  }
}
