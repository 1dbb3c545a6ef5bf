/** What a client asks for behind the first line; extensions may follow, and an empty line has to. */
export const HANDSHAKE = 'Host: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n'

/** A server's answer to an upgrade, as it comes in. */
export class Greeting {
  #text = ''

  /** Undefined as long as it is not whole; then whether there is a WebSocket, and the bytes of it that came along. */
  hear (chunk, length) {
    this.#text += chunk.latin1Slice(0, length)
    const end = this.#text.indexOf('\r\n\r\n')
    if (end === -1) return undefined
    return { text: this.#text, upgraded: this.#text.startsWith('HTTP/1.1 101'), rest: Buffer.from(this.#text.slice(end + 4), 'latin1') }
  }
}
