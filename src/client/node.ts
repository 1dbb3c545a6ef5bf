import { WebSocket } from 'ws'
import type { Client } from './client.ts'
import { connect as connectWith } from './index.ts'
import type { ClientOptions } from './options.ts'

/** As in browsers, with a WebSocket that every Node has. */
export function connect (url: string | URL, options: ClientOptions = {}): Client {
  return connectWith(url, { WebSocket, ...options })
}

export * from './index.ts'
