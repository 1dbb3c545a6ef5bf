import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { launch, OTHER_CORES } from '../machine/launch.mjs'
import { Deeds } from './deeds.mjs'

const WORKER = fileURLToPath(new URL('worker.mjs', import.meta.url))
const ROUND_TIMEOUT_MS = 60_000
/** Handshakes under way at a time, if nothing else is said. */
const AT_ONCE = 32

/** The clients of a server, spread over several processes. */
export class Crowd {
  #server
  #count
  #shape
  #workers
  #parts = []
  #deeds
  #ends = []
  #timer
  #onRound
  #onFailure
  #failure

  /** `count` clients, with so many neighbouring `keys` of all `symbols` each, in each of the `periods`. */
  constructor (server, { count, shape }) {
    this.#server = server
    this.#deeds = new Deeds(`${server.name}: `)
    this.#count = count
    this.#shape = shape
    const most = Math.max(2, Math.min(8, availableParallelism() - 1))
    const size = Math.ceil(count / most)
    for (let from = 0; from < count; from += size) this.#parts.push({ from, to: Math.min(count, from + size) })
    this.#workers = this.#parts.map(() => this.#start())
  }

  /** Bars that the clients together get of each round of minutes. */
  get barsPerRound () {
    return this.#count * this.#keys
  }

  /** Connects and subscribes all; see the deed `open` of the worker. */
  async open ({ atOnce = AT_ONCE, since, missed } = {}) {
    const answers = since === undefined ? this.#server.answers(this.#keys) : 1
    await this.#ask('open', { answers, since, missed, atOnce: Math.ceil(atOnce / this.#workers.length) })
  }

  async drop () { await this.#ask('drop') }
  async settle (stayMs) { await this.#ask('settle', { stayMs }) }

  async wander (stayMs) {
    await this.#ask('wander', { stayMs, answers: this.#server.answers(this.#keys) })
  }

  /** Bytes that have come in. */
  async bytes () {
    const parts = await this.#ask('bytes')
    return parts.reduce((sum, bytes) => sum + bytes, 0)
  }

  /** Waits until each client has got all its bars; tells when each had, on the clock of `now`. */
  async round () {
    return await new Promise((resolve, reject) => {
      this.#timer = setTimeout(() => { reject(new Error(`${this.#server.name}: some client has not got its bars within ${ROUND_TIMEOUT_MS} ms`)) }, ROUND_TIMEOUT_MS)
      this.#onFailure = reject
      this.#onRound = (times) => {
        clearTimeout(this.#timer)
        resolve(times)
      }
    })
  }

  /** Resolves when all are gone: the server goes after its clients, not before. */
  async end () {
    clearTimeout(this.#timer)
    await Promise.all(this.#workers.map(async (worker) => {
      if (!worker.connected) return
      worker.disconnect()
      await once(worker, 'exit')
    }))
  }

  get #keys () {
    return this.#shape.keys * this.#shape.periods.length
  }

  #start () {
    const worker = launch([process.execPath, WORKER], { on: OTHER_CORES, stdio: ['ignore', 'inherit', 'inherit', 'ipc'], serialization: 'advanced' })
    worker.on('message', (message) => {
      if (message.round === undefined) this.#deeds.answered(message)
      else this.#endRound(message.round)
    })
    worker.on('exit', (code) => { if (code !== 0) this.#fail(new Error('a process of the load has ended')) })
    return worker
  }

  async #ask (deed, details) {
    if (this.#failure !== undefined) throw this.#failure
    const { port, dialect } = this.#server
    return await Promise.all(this.#workers.map(async (worker, i) => {
      return await this.#deeds.ask(worker, deed, { port, dialect, shape: this.#shape, ...this.#parts[i], ...details })
    }))
  }

  #endRound (times) {
    if (this.#ends.push(times) < this.#workers.length) return
    const all = this.#ends.flatMap((part) => [...part])
    this.#ends = []
    this.#onRound(all)
  }

  #fail (err) {
    this.#failure = err
    this.#deeds.fail(err)
    this.#onFailure?.(err)
  }
}

/** Milliseconds of a clock that all processes of the machine share. */
export function now () {
  return Number(process.hrtime.bigint()) / 1e6
}
