/** Which view, as the address of the page says after its `#`: `#/rb2601.5m`, `#operations`. */
export type Place = { readonly view: 'operations' } | { readonly view: 'charts', readonly key?: Key }

export interface Key { readonly symbol: string, readonly period: string }

export function parsePlace (hash: string, periods: readonly string[]): Place {
  if (hash === '#operations') return { view: 'operations' }
  const [, symbol, period] = /^#\/(.+)\.([^.]+)$/.exec(decode(hash)) ?? []
  return period !== undefined && periods.includes(period) ? { view: 'charts', key: { symbol, period } } : { view: 'charts' }
}

export function placeOf ({ symbol, period }: Key): string {
  return `#/${encodeURIComponent(symbol)}.${period}`
}

function decode (text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return '' // somebody has typed a `%`
  }
}
