import { connect } from 'node:net'
import { FrameWalker, PONG, textFrame } from './frames.mjs'
import { Greeting, HANDSHAKE } from './greeting.mjs'

// One piece of memory for what all sockets of the process read: each chunk is looked at on the spot and not kept.
const buffer = Buffer.alloc(256 * 1024)

/** One WebSocket connection over a bare socket. It counts, and decodes nothing. */
export class Client {
  /** Bytes that came in. */
  bytes = 0
  #port
  #dialect
  #onBar
  #socket
  #walker
  #greeting
  /** Answers that are still to come to what was asked. */
  #awaited = 0
  #settle

  /** `onBar` is called for each bar. */
  constructor ({ port, dialect, onBar }) {
    this.#port = port
    this.#dialect = dialect
    this.#onBar = () => { onBar(this) }
  }

  /** Resolves when subscriptions may go out. */
  async open () {
    this.#walker = new FrameWalker()
    this.#greeting = new Greeting()
    await new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
      this.#socket = connect({
        host: '127.0.0.1',
        port: this.#port,
        noDelay: true,
        onread: { buffer, callback: (length) => this.#read(length) },
      })
      this.#socket.write(`GET ${this.#dialect.path} HTTP/1.1\r\n${HANDSHAKE}${this.#dialect.extensions ?? ''}\r\n`)
      this.#socket.on('error', (err) => { this.#lost(err) })
      this.#socket.on('close', () => { this.#lost(new Error('the server closed a connection')) })
    })
  }

  async subscribe (frame, answers) {
    await this.ask(this.#dialect.subscribe(frame), answers)
  }

  /** Resolves when so many answers have come. */
  async ask (text, answers) {
    await new Promise((resolve, reject) => {
      this.#awaited = answers
      this.#settle = { resolve, reject }
      this.#send(text)
    })
  }

  /** Vanishes. */
  leave () {
    this.#socket.removeAllListeners('close')
    this.#socket.destroy()
  }

  #send (text) {
    this.#socket.write(textFrame(text))
  }

  #read (length) {
    this.bytes += length
    if (this.#greeting === undefined) this.#walker.walk(buffer, length, this.#take)
    else this.#greet(length)
    return true
  }

  #greet (length) {
    const answer = this.#greeting.hear(buffer, length)
    if (answer === undefined) return
    const { text, upgraded, rest } = answer
    if (!upgraded) {
      this.#lost(new Error(`the server refused a connection: ${text.slice(0, 300)}`))
      return
    }
    this.#greeting = undefined
    if (this.#dialect.hello === undefined) this.#done()
    this.#walker.walk(rest, rest.length, this.#take)
  }

  #take = (opcode, bytes, at, size) => {
    if (opcode === 9) return this.#socket.write(PONG)
    if (opcode === 8) return this.#lost(new Error(`the server closed a connection with ${bytes[at] << 8 | bytes[at + 1]}`))
    switch (this.#dialect.tell(bytes, at, size, this.#awaited)) {
      case 'bar': return this.#onBar()
      case 'answer': return --this.#awaited === 0 && this.#done()
      case 'open': return this.#send(this.#dialect.hello)
      case 'ping': return this.#send(this.#dialect.pong)
      case 'ready': return this.#done()
    }
  }

  #done () {
    this.#settle?.resolve()
    this.#settle = undefined
  }

  /** A load that loses a connection measures something else: with nobody to tell, the process ends. */
  #lost (err) {
    if (this.#settle === undefined) throw err
    this.#settle.reject(err)
    this.#settle = undefined
  }
}
