import { connect } from 'node:net'
import { PONG, textFrame } from '../load/frames.mjs'
import { Greeting, HANDSHAKE } from '../load/greeting.mjs'
import { CLOSE, FrameReader } from './frames.mjs'

// One piece of memory for what all sockets of the process read: each chunk is looked at on the spot.
const buffer = Buffer.alloc(256 * 1024)

const CLOSE_TIMEOUT_MS = 5000

/** One WebSocket over a bare socket, from its handshake to its end. */
export class Connection {
  /** Resolves when the server has taken it; rejects when it ends before. */
  open
  /** Resolves with the server's close code, or undefined, when it is over. */
  over
  /** Whether it has stopped reading at some time. */
  dawdled = false
  #socket
  #reader = new FrameReader()
  #greeting = new Greeting()
  #closeCode
  #onText
  #settle

  /** `onText(bytes, from, to)` gets each text frame; its payload lies there for as long as the call. */
  constructor (port, onText) {
    this.#onText = onText
    this.open = new Promise((resolve, reject) => { this.#settle = { resolve, reject } })
    const socket = connect({ host: '127.0.0.1', port, noDelay: true, onread: { buffer, callback: (length) => this.#read(length) } })
    this.#socket = socket
    socket.on('error', () => {})
    this.over = new Promise((resolve) => {
      socket.once('close', () => {
        this.#settle.reject(new Error('the connection is over'))
        resolve(this.#closeCode)
      })
    })
    socket.write(`GET /ws HTTP/1.1\r\n${HANDSHAKE}\r\n`)
  }

  get isOver () {
    return this.#socket.destroyed
  }

  send (text) {
    this.#socket.write(textFrame(text))
  }

  /** As one should; it is over when the server has answered, or takes too long. */
  close () {
    this.#socket.write(CLOSE)
    const timer = setTimeout(() => { this.#socket.destroy() }, CLOSE_TIMEOUT_MS)
    this.#socket.once('close', () => { clearTimeout(timer) })
  }

  vanish () {
    this.#socket.destroy()
  }

  stopReading () {
    this.dawdled = true
    this.#socket.pause()
  }

  readOn () {
    this.#socket.resume()
  }

  #read (length) {
    if (this.#greeting === undefined) this.#reader.read(buffer, length, this.#take)
    else this.#greet(length)
    return true
  }

  #greet (length) {
    const answer = this.#greeting.hear(buffer, length)
    if (answer === undefined) return
    const { text, upgraded, rest } = answer
    if (!upgraded) return this.#settle.reject(new Error(`refused: ${text.slice(0, 100)}`))
    this.#greeting = undefined
    this.#settle.resolve()
    this.#reader.read(rest, rest.length, this.#take)
  }

  #take = (opcode, bytes, from, to) => {
    if (opcode === 1) this.#onText(bytes, from, to)
    else if (opcode === 9) this.#socket.write(PONG)
    else if (opcode === 8) this.#closed(to - from < 2 ? undefined : bytes.readUInt16BE(from))
  }

  #closed (code) {
    this.#closeCode = code
    this.#socket.end(CLOSE)
  }
}
