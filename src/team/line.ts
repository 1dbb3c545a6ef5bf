import type { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import type { ErrorCode } from '../errors.ts'
import type { Entry } from '../store/entry.ts'
import type { Result } from '../store/store.ts'

/** What followers say to the owner of a data directory, and it to them. */
export type Message =
  /** A follower brings entries that it was given. */
  | { readonly type: 'append', readonly id: number, readonly entries: readonly Entry[] }
  /** The owner has made them durable, after it told of their commit, and pushed. */
  | { readonly type: 'done', readonly id: number, readonly results: readonly Result[] }
  /** None of them was taken. */
  | { readonly type: 'refused', readonly id: number, readonly code: ErrorCode, readonly message: string }
  /** Up to where a follower has read the journal. */
  | { readonly type: 'read', readonly position: number }
  /** There is more in the journal; `at` is since when, UTC milliseconds, if it became so now. */
  | { readonly type: 'committed', readonly at?: number }

/** Messages over a local socket, each a line of JSON, in order. */
export class Line {
  readonly #socket: Socket

  constructor (socket: Socket, { onMessage, onEnd }: { onMessage: (message: Message) => void, onEnd: () => void }) {
    this.#socket = socket
    const lines = createInterface({ input: socket })
    for (const emitter of [socket, lines]) emitter.on('error', () => {}) // the end says enough
    socket.on('close', onEnd)
    lines.on('line', (line) => {
      const message = parse(line)
      if (message === undefined) this.end()
      else onMessage(message)
    })
  }

  send (message: Message): void {
    this.#socket.write(`${JSON.stringify(message)}\n`)
  }

  end (): void {
    this.#socket.destroy()
  }
}

/** Undefined: the other end died in the middle of it, or is not one of us. */
function parse (line: string): Message | undefined {
  let message: Message | null | undefined
  try {
    message = JSON.parse(line)
  } catch {
    return undefined
  }
  if (message?.type === 'append' && !Array.isArray(message.entries)) return undefined
  return message ?? undefined
}
