import type { Socket } from 'node:net'
import type { KlineError } from '../errors.ts'
import type { Door } from '../push/intake.ts'
import { Line, type Message } from './line.ts'

/** The journal is kept for a follower that is no more entries behind than this. */
const MOST_BEHIND = 400_000

/** The owner's side of the lines to its followers: tells them of commits, and lets in the entries that they bring. */
export class Host {
  /** Up to where each has read the journal; NaN: it has not said so yet. */
  readonly #lines = new Map<Line, number>()
  #door: Door | undefined

  /** From now on followers are let in. */
  open (door: Door): void {
    this.#door = door
  }

  accept (socket: Socket): void {
    const door = this.#door
    if (door === undefined) {
      socket.destroy()
      return
    }
    const line: Line = new Line(socket, {
      onMessage: (message) => {
        if (message.type === 'append') append(door, line, message)
        else if (message.type === 'read') this.#lines.set(line, message.position)
      },
      onEnd: () => { this.#lines.delete(line) },
    })
    this.#lines.set(line, NaN)
    line.send({ type: 'committed' })
  }

  /** Tells of a commit at `at`, UTC milliseconds. */
  announce (at: number): void {
    for (const line of this.#lines.keys()) line.send({ type: 'committed', at })
  }

  /** Up to where nobody needs the journal any more of which the archive has all up to `upTo`. Who is much too far behind is let go. */
  dropTo (upTo: number): number {
    let least = upTo
    for (const [line, position] of this.#lines) {
      if (position < upTo - MOST_BEHIND) line.end()
      else least = Math.min(least, Number.isNaN(position) ? 0 : position)
    }
    return least
  }

  /** Ends all lines, and lets nobody in any more. */
  close (): void {
    this.#door = undefined
    for (const line of this.#lines.keys()) line.end()
  }
}

async function append (door: Door, line: Line, { id, entries }: Extract<Message, { type: 'append' }>): Promise<void> {
  try {
    line.send({ type: 'done', id, results: await door.append(entries) })
  } catch (err) {
    const { code, message } = err as KlineError
    line.send({ type: 'refused', id, code, message })
  }
}
