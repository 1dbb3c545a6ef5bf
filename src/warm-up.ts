import Fastify from 'fastify'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { klinePush, type KlinePushOptions, type MinuteBar, PERIODS, utcCalendar } from './index.ts'

const SYMBOLS = 100
const CLIENTS = 20
const KEYS = 50
const MINUTES = 60
const LONGEST_MS = 3000
const MONDAY = Date.UTC(2026, 0, 5)

/** RFC 6455, sections 1.3 and 5.2; the mask is zero, which leaves the text as it is. */
const UPGRADE = 'GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'
const TEXT = 0x81
const MASKED_16_BITS = 0x80 | 126
const MASK = [0, 0, 0, 0]

/**
 * Plays market with a server of its own, on loopback and a directory that goes again, so that the end of the first
 * minute finds machine code where it would find bytecode: V8 compiles what has run for a while. A third of a second.
 */
export async function warmUp ({ dataDir, periods = PERIODS, calendar = utcCalendar }: KlinePushOptions, signal?: AbortSignal): Promise<void> {
  const directory = dataDir === undefined ? undefined : await mkdtemp(join(tmpdir(), 'kline-push-warm-up-'))
  const app = Fastify()
  const sockets: Socket[] = []
  try {
    await app.register(klinePush, { periods, calendar, closeGraceMs: 'off', ...(directory === undefined ? undefined : { dataDir: directory }) })
    await app.listen({ host: '127.0.0.1', port: 0, exclusive: true }) // its own, also where workers share a port
    const { port } = app.server.address() as AddressInfo
    const deadline = performance.now() + LONGEST_MS
    for (let minute = 0; minute < MINUTES && performance.now() < deadline && signal?.aborted !== true; minute++) {
      if (minute < CLIENTS) sockets.push(await subscribe(port, minute))
      await post(port, Array.from({ length: SYMBOLS }, (_, symbol) => minuteBar(symbol, minute)))
    }
  } finally {
    for (const socket of sockets) socket.destroy()
    await app.close()
    if (directory !== undefined) await rm(directory, { recursive: true, force: true })
  }
}

/** Numbers with and without decimals, optional fields there and not: code that has seen one kind only is soon thrown away. */
function minuteBar (symbol: number, minute: number): MinuteBar {
  const open = 100 + symbol + minute % 7 * (symbol % 2 === 0 ? 1 : 0.25)
  const volume = symbol + minute + (symbol % 3 === 0 ? 0.5 : 0)
  const bar: MinuteBar = { symbol: `S${symbol}`, time: MONDAY + minute * 60_000, open, high: open + 1.5, low: open - 0.75, close: open + 0.5, volume }
  if (symbol % 2 === 0) bar.turnover = volume * open
  if (symbol % 4 === 0) Object.assign(bar, { trades: symbol, openInterest: symbol + minute })
  return bar
}

/** A client that reads nothing of what it gets. */
async function subscribe (port: number, client: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.write(UPGRADE)
  await once(socket, 'data')
  const text = JSON.stringify({ op: 'subscribe', args: Array.from({ length: KEYS }, (_, i) => `S${(i + client) % SYMBOLS}.1m`) })
  socket.write(Buffer.from([TEXT, MASKED_16_BITS, text.length >> 8, text.length & 0xff, ...MASK]))
  socket.write(text)
  return socket.resume()
}

async function post (port: number, bars: readonly MinuteBar[]): Promise<void> {
  const body = JSON.stringify(bars)
  const sending = request({ host: '127.0.0.1', port, path: '/bars', method: 'POST', headers: { 'content-type': 'application/json', 'content-length': body.length } })
  sending.end(body)
  const [response] = await once(sending, 'response') as [IncomingMessage]
  await once(response.resume(), 'end')
}
