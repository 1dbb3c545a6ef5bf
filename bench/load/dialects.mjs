/**
 * How a server is spoken to, and what the first bytes of its frames tell: `bar`, `answer` (to a subscription),
 * `ping` (of the dialect's own, wants `pong`), `open` (`hello` is due), `ready` (subscriptions may go out).
 */
export const DIALECTS = {
  /** `{"op":"subscribe","args":["S1.1m"]}` → `{"type":"ack",…}`, `{"type":"snapshot",…}`, `{"type":"bar",…}` */
  plain: {
    path: '/ws',
    hello: undefined,
    pong: undefined,
    subscribe: (frame) => JSON.stringify({ op: 'subscribe', ...frame }),
    tell (bytes, at) {
      switch (bytes[at + 9]) { // {"type":"b
        case 0x62: return 'bar'
        case 0x61: // ack
        case 0x73: return 'answer' // snapshot
        default: return 'other'
      }
    },
  },
  /** The same, compressed, which this load does not read: what comes while answers are awaited is one, and then bars come. */
  deflated: {
    path: '/ws',
    extensions: 'Sec-WebSocket-Extensions: permessage-deflate\r\n',
    hello: undefined,
    pong: undefined,
    subscribe: (frame) => JSON.stringify({ op: 'subscribe', ...frame }),
    tell: (bytes, at, size, awaited) => awaited > 0 ? 'answer' : 'bar',
  },
  /** Engine.IO under Socket.IO, WebSocket only: `42["subscribe",["S1.1m"]]` → `42["ack"]`, `42["bar",{…}]` */
  'socket.io': {
    path: '/socket.io/?EIO=4&transport=websocket',
    hello: '40',
    pong: '3',
    subscribe: ({ args }) => `42${JSON.stringify(['subscribe', args])}`,
    tell (bytes, at, size) {
      if (bytes[at] === 0x30) return 'open'
      if (bytes[at] === 0x32 && size === 1) return 'ping'
      if (bytes[at + 1] === 0x30) return 'ready'
      return bytes[at + 4] === 0x62 ? 'bar' : bytes[at + 4] === 0x61 ? 'answer' : 'other'
    },
  },
}
