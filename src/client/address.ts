/** The WebSocket's address: `ws:` or `wss:`, on a page also relative to it, such as `/ws`. @throws TypeError if it is none */
export function socketUrl (url: string | URL): string {
  const { location } = globalThis as { location?: { href: string } }
  const { href } = new URL(url, location?.href)
  const address = href.replace(/^http/, 'ws')
  if (!/^wss?:/.test(address)) throw new TypeError(`Expected \`url\` to be that of a WebSocket, got \`${href}\``)
  return address
}
