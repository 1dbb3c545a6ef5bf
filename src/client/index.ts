import { Client } from './client.ts'
import type { ClientOptions } from './options.ts'

/**
 * Connects to the WebSocket of a server, `wss://…/ws`, and from then on as often as it takes.
 *
 * @throws TypeError or RangeError if the address or an option is none that it can be
 */
export function connect (url: string | URL, options: ClientOptions = {}): Client {
  return new Client(url, options)
}

export type { Bar } from '../market/bar.ts'
export type { Client, ClientEvents, ClientState, StateChange } from './client.ts'
export { KlineClientError, type KlineClientCode } from './error.ts'
export type { ClientOptions, IterateOptions, SeriesOptions, SubscribeOptions } from './options.ts'
export type { ReadQuery } from './read.ts'
export type { Series, SeriesChange, SeriesEvents } from './series.ts'
export type { Socket, SocketClass } from './socket.ts'
