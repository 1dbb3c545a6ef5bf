import { Connection } from './connection.mjs'
import { barHead, isBar, minutesIn } from './frames.mjs'
import { Ledger } from './ledger.mjs'
import { Series } from './series.mjs'

/** Keys of one request: with their `since` it stays well below the longest frame that a server takes. */
const KEYS_PER_REQUEST = 400
const ANSWER_TIMEOUT_MS = 30_000

/**
 * A client that comes and goes, and checks all that it is told. `wish` has its `keys`, how it subscribes
 * (`batch`, `closedOnly`, `watermarks`, `history`), and whether it `audits`: keeps the bars themselves, or `counts` the
 * updates of unfinished bars that were passed over.
 */
export class Subscriber {
  /** Whether it is connected and has asked for its keys, and since when (milliseconds since 1970). */
  ready = false
  readySince = NaN
  /** Whether it went by itself. */
  left = false
  series
  #wish
  #port
  #tally
  #ledger
  #connection
  #requests = 0
  #asked = new Map()
  /** How many minutes the unfinished bar of a key had in it. */
  #minutes = new Map()

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

  /** Whether it has stopped reading at some time in this connection. */
  get dawdled () {
    return this.#connection.dawdled
  }

  /** Resolves with the close code, or undefined, when the connection is over. */
  get gone () {
    return this.#connection.over
  }

  seq (key) {
    return this.#ledger.seq(key)
  }

  /** Connects and subscribes; rejects when that fails, and the connection is over then. */
  async join () {
    this.left = false
    this.#requests = 0
    const connection = new Connection(this.#port, (bytes, from, to) => { this.#take(bytes, from, to) })
    this.#connection = connection
    const over = connection.over.then(() => { this.#end() })
    try {
      await inTime(connection.open)
      await this.#subscribe(this.keys)
      this.#begin()
    } catch (err) {
      connection.vanish()
      await over
      throw err
    }
  }

  /** Closes as one should, or vanishes; resolves when the connection is over. */
  async leave (how) {
    this.left = true
    this.ready = false
    this.#connection[how]()
    await this.gone
  }

  /** Gives its keys back, and asks for them again after a while. */
  async reconsider (wait) {
    const connection = this.#connection
    this.ready = false
    await this.#ask({ op: 'unsubscribe', args: this.keys })
    await wait()
    if (connection.isOver) return
    await this.#subscribe(this.keys)
    this.#begin()
  }

  /** Asks for all again where it stands; how many events it is told that it had missed. */
  async confirm () {
    const acks = await this.#subscribe(this.keys)
    return acks.flatMap(({ keys }) => keys).reduce((sum, { replayed = NaN }) => sum + replayed, 0)
  }

  stopReading () { this.#connection.stopReading() }
  readOn () { this.#connection.readOn() }

  #begin () {
    this.ready = true
    this.readySince = Date.now()
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
    this.#connection.send(JSON.stringify({ id, ...request }))
    return await inTime(answered)
  }

  #end () {
    this.ready = false
    this.#minutes.clear()
    this.#ledger.rest()
    for (const { reject } of this.#asked.values()) reject(new Error('the connection is over'))
    this.#asked.clear()
  }

  #take (bytes, from, to) {
    if (this.series !== undefined || !isBar(bytes, from)) return this.#message(JSON.parse(bytes.utf8Slice(from, to)))
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

  #acked ({ id, op, keys, rejected, ...others }) {
    if (rejected.length > 0) this.#tally.fault('frame', `a key was rejected: ${JSON.stringify(rejected[0])}`, 1)
    if (op === 'unsubscribe') this.#ledger.rest(keys)
    else for (const acked of keys) this.#come(acked)
    this.#asked.get(id)?.resolve({ id, op, keys, rejected, ...others })
    this.#asked.delete(id)
  }

  #come (acked) {
    this.#ledger.acked(acked)
    this.#tally.replayed += acked.replayed ?? 0
  }
}

async function inTime (promise) {
  let timer
  const late = new Promise((resolve, reject) => { timer = setTimeout(() => { reject(new Error(`no answer for ${ANSWER_TIMEOUT_MS} ms`)) }, ANSWER_TIMEOUT_MS) })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
