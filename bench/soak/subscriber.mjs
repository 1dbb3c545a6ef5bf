import { connect } from 'node:net'
import { PONG, textFrame } from '../load/frames.mjs'
import { barHead, CLOSE, FrameReader, isBar, minutesIn } from './frames.mjs'
import { Ledger } from './ledger.mjs'
import { Series } from './series.mjs'

// One piece of memory for what all sockets of the process read: each chunk is looked at on the spot.
const buffer = Buffer.alloc(256 * 1024)

const HANDSHAKE = 'GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n'
/** Keys of one request: with their `since` it stays well below the longest frame that a server takes. */
const KEYS_PER_REQUEST = 400
const ANSWER_TIMEOUT_MS = 30_000
const CLOSE_TIMEOUT_MS = 5000

/**
 * A client that comes and goes, and checks all that it is told. `wish` has its `keys`, how it subscribes
 * (`batch`, `closedOnly`, `watermarks`, `history`), and whether it `audits`: keeps the bars themselves, or `counts` the
 * updates of unfinished bars that were passed over.
 */
export class Subscriber {
  /** Resolves with the close code, or undefined, when a connection that had been made is over. */
  gone = Promise.resolve()
  /** Whether it is connected and has what it asked for. */
  ready = false
  /** Whether it has stopped reading at some time in this connection. */
  dawdled = false
  /** Whether it went by itself. */
  left = false
  series
  #wish
  #port
  #tally
  #ledger
  #socket
  #reader
  #greeting
  #closeCode
  #requests = 0
  #asked = new Map()
  /** How many minutes the unfinished bar of a key had in it. */
  #minutes = new Map()
  #settleGreeting

  constructor (wish, { port, tally, spoil }) {
    this.#wish = wish
    this.#port = port
    this.#tally = tally
    this.#ledger = new Ledger(wish.keys, tally.fault)
    if (wish.audits) this.series = new Series()
    spoil({ ledger: this.#ledger, series: this.series })
  }

  get keys () {
    return this.#wish.keys
  }

  seq (key) {
    return this.#ledger.seq(key)
  }

  /** Connects and subscribes; rejects when that fails. */
  async join () {
    this.left = this.dawdled = false
    this.#reader = new FrameReader()
    this.#greeting = ''
    this.#closeCode = undefined
    this.#requests = 0
    const socket = connect({ host: '127.0.0.1', port: this.#port, noDelay: true, onread: { buffer, callback: (length) => this.#read(length) } })
    this.#socket = socket
    socket.on('error', () => {})
    const over = new Promise((resolve) => { socket.once('close', () => { resolve(this.#end()) }) })
    socket.write(HANDSHAKE)
    try {
      await this.#inTime(new Promise((resolve, reject) => { this.#settleGreeting = { resolve, reject } }))
      this.gone = over
      await this.#subscribe(this.keys)
      this.ready = true
    } catch (err) {
      socket.destroy()
      await over
      throw err
    }
  }

  /** Closes as one should, or vanishes; resolves when the connection is over. */
  async leave (how) {
    this.left = true
    this.ready = false
    if (how === 'vanish') {
      this.#socket.destroy()
    } else {
      this.#socket.write(CLOSE)
      const timer = setTimeout(() => { this.#socket.destroy() }, CLOSE_TIMEOUT_MS)
      await this.gone
      clearTimeout(timer)
    }
    await this.gone
  }

  /** Gives its keys back, and asks for them again after a while. */
  async reconsider (wait) {
    const socket = this.#socket
    this.ready = false
    await this.#ask({ op: 'unsubscribe', args: this.keys })
    await wait()
    if (socket.destroyed) return
    await this.#subscribe(this.keys)
    this.ready = true
  }

  /** Asks for all again where it stands; how many events it is told that it had missed. */
  async confirm () {
    const acks = await this.#subscribe(this.keys)
    return acks.flatMap(({ keys }) => keys).reduce((sum, { replayed = NaN }) => sum + replayed, 0)
  }

  stopReading () {
    this.dawdled = true
    this.#socket.pause()
  }

  readOn () {
    this.#socket.resume()
  }

  async #subscribe (keys) {
    const { batch, closedOnly, watermarks, history } = this.#wish
    const acks = []
    for (let i = 0; i < keys.length; i += KEYS_PER_REQUEST) {
      const args = keys.slice(i, i + KEYS_PER_REQUEST)
      acks.push(await this.#ask({ op: 'subscribe', args, batch, closedOnly, watermarks, history, since: this.#ledger.since(args) }))
    }
    return acks
  }

  async #ask (request) {
    const id = ++this.#requests
    const answered = new Promise((resolve, reject) => { this.#asked.set(id, { resolve, reject }) })
    this.#socket.write(textFrame(JSON.stringify({ id, ...request })))
    return await this.#inTime(answered)
  }

  async #inTime (promise) {
    let timer
    const late = new Promise((resolve, reject) => { timer = setTimeout(() => { reject(new Error(`no answer for ${ANSWER_TIMEOUT_MS} ms`)) }, ANSWER_TIMEOUT_MS) })
    try {
      return await Promise.race([promise, late])
    } finally {
      clearTimeout(timer)
    }
  }

  #end () {
    this.ready = false
    this.#minutes.clear()
    this.#ledger.rest()
    const err = new Error('the connection is over')
    this.#settleGreeting.reject(err)
    for (const { reject } of this.#asked.values()) reject(err)
    this.#asked.clear()
    return this.#closeCode
  }

  #read (length) {
    if (this.#greeting === undefined) this.#reader.read(buffer, length, this.#take)
    else this.#greet(length)
    return true
  }

  #greet (length) {
    this.#greeting += buffer.latin1Slice(0, length)
    const end = this.#greeting.indexOf('\r\n\r\n')
    if (end === -1) return
    const rest = Buffer.from(this.#greeting.slice(end + 4), 'latin1')
    if (!this.#greeting.startsWith('HTTP/1.1 101')) return this.#settleGreeting.reject(new Error(`refused: ${this.#greeting.slice(0, 100)}`))
    this.#greeting = undefined
    this.#settleGreeting.resolve()
    this.#reader.read(rest, rest.length, this.#take)
  }

  #take = (opcode, bytes, from, to) => {
    if (opcode === 9) this.#socket.write(PONG)
    else if (opcode === 8) this.#closed(to - from < 2 ? undefined : bytes.readUInt16BE(from))
    else if (opcode === 1 && this.series === undefined && isBar(bytes, from)) this.#headOf(bytes, from)
    else if (opcode === 1) this.#message(JSON.parse(bytes.utf8Slice(from, to)))
  }

  #closed (code) {
    this.#closeCode = code
    this.#socket.end(CLOSE)
  }

  #message (message) {
    switch (message.type) {
      case 'bar': return this.#bar(message)
      case 'batch': return message.frames.forEach((frame) => { this.#message(frame) })
      case 'ack': return this.#acked(message)
      case 'snapshot':
        this.#ledger.snapshot(message)
        return this.series?.snapshot(message)
      case 'heartbeat':
        this.#tally.heartbeats++
        return this.#ledger.heartbeat(message)
      case 'watermark': return this.#tally.watermarks++
      default: this.#tally.fault('frame', `an unexpected frame: ${JSON.stringify(message).slice(0, 200)}`, 1)
    }
  }

  #headOf (bytes, from) {
    const head = barHead(bytes, from)
    if (this.#wish.counts) this.#count(head, bytes, from)
    this.#bar(head)
  }

  /** Each update has one minute more than the one before, unless a newer one took its place. */
  #count ({ key, seq }, bytes, from) {
    if (seq !== 0) return this.#minutes.delete(key)
    const minutes = minutesIn(bytes, from)
    const before = this.#minutes.get(key)
    this.#minutes.set(key, minutes)
    if (minutes > before + 1) this.#tally.conflated += minutes - before - 1
  }

  #bar ({ key, seq = 0, ts, bar }) {
    if (!this.#wish.counts) this.#tally.took(ts) // how long a slow reader takes is its own affair
    if (seq === 0) {
      this.#tally.updates++
      return
    }
    this.#tally.events++
    this.#ledger.event(key, seq)
    this.series?.put(key, bar)
  }

  #acked (ack) {
    if (ack.rejected.length > 0) this.#tally.fault('frame', `a key was rejected: ${JSON.stringify(ack.rejected[0])}`, 1)
    if (ack.op === 'unsubscribe') this.#ledger.rest(ack.keys)
    else {
      for (const acked of ack.keys) {
        this.#ledger.acked(acked)
        this.#tally.replayed += acked.replayed ?? 0
      }
    }
    this.#asked.get(ack.id)?.resolve(ack)
    this.#asked.delete(ack.id)
  }
}
