/** The WebSocket's address: `ws:` or `wss:`, on a page also relative to it, such as `/ws`. @throws TypeError if it is none */
export function socketUrl (url: string | URL): string {
  const page = (globalThis as { location?: { href: string } }).location?.href
  const given = String(url)
  const address = URL.canParse(given, page) ? new URL(given, page).href.replace(/^http/, 'ws') : ''
  if (!/^wss?:/.test(address)) throw new TypeError(`Expected \`url\` to be that of a WebSocket, got \`${given}\``)
  return address
}
