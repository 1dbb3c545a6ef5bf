import type { Socket } from 'node:net'
import type { KlineError } from '../errors.ts'
import type { Door } from '../push/intake.ts'
import { Line, type Message } from './line.ts'

/** The owner's side of the lines to its followers: tells them of commits, and lets in the entries that they bring. */
export class Host {
  readonly #lines = new Set<Line>()
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
      onMessage: (message) => { if (message.type === 'append') append(door, line, message) },
      onEnd: () => { this.#lines.delete(line) },
    })
    this.#lines.add(line)
    line.send({ type: 'committed' })
  }

  announce (): void {
    for (const line of this.#lines) line.send({ type: 'committed' })
  }

  close (): void {
    for (const line of this.#lines) line.end()
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
