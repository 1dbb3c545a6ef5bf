import type { Bar } from '../market/bar.ts'
import { KlineClientError, type KlineClientCode } from './error.ts'

/** Bars of a key from `start` up to, without it, `end` (UTC milliseconds); without `start` the newest `limit`. */
export interface ReadQuery { readonly key: string, readonly start?: number, readonly end?: number, readonly limit?: number }

/** What `GET /klines` beside the WebSocket has; a token in the address is not for it. @throws KlineClientError with the server's code; TypeError, as `fetch` does, if there is no server */
export async function readBars (socketUrl: string, { key, ...range }: ReadQuery, token: string | undefined): Promise<Bar[]> {
  const url = new URL('klines', socketUrl.replace(/^ws/, 'http'))
  const dot = key.lastIndexOf('.')
  const query = { symbol: key.slice(0, dot), period: key.slice(dot + 1), ...range }
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value))
  const response = await fetch(url, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } })
  const { bars, code = 'NOT_READ', message = `${url.href} answered ${response.status}` } = await response.json().catch(() => ({})) as { bars?: Bar[], code?: KlineClientCode, message?: string }
  if (bars === undefined) throw new KlineClientError(code, message)
  return bars
}
