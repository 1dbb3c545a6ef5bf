export interface Message { readonly bytes: Buffer, readonly binary: boolean }

/** What a client sends, one message after the other: while the answer to one takes its time the next ones wait. */
export class Inbox {
  readonly #handle: (message: Message) => Promise<void> | undefined
  readonly #maxBytes: number
  #waiting: Message[] = []
  #bytes = 0
  #busy = false

  /** `handle` never throws or rejects; a promise says that the next message has to wait for it. */
  constructor (handle: (message: Message) => Promise<void> | undefined, { maxBytes }: { maxBytes: number }) {
    this.#handle = handle
    this.#maxBytes = maxBytes
  }

  /** False: more than `maxBytes` would wait, and the message was not taken. */
  take (message: Message): boolean {
    if (!this.#busy) {
      this.#run(message)
      return true
    }
    if (this.#bytes + message.bytes.length > this.#maxBytes) return false
    this.#waiting.push(message)
    this.#bytes += message.bytes.length
    return true
  }

  /** Lets go of what waits. */
  clear (): void {
    this.#waiting = []
    this.#bytes = 0
  }

  #run (message: Message): void {
    const answered = this.#handle(message)
    if (answered === undefined) return
    this.#busy = true
    answered.then(() => { this.#goOn() })
  }

  #goOn (): void {
    this.#busy = false
    while (!this.#busy && this.#waiting.length > 0) {
      const next = this.#waiting.shift() as Message
      this.#bytes -= next.bytes.length
      this.#run(next)
    }
  }
}
