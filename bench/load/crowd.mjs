import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { launch, OTHER_CORES } from '../machine/launch.mjs'

const WORKER = fileURLToPath(new URL('worker.mjs', import.meta.url))
const ROUND_TIMEOUT_MS = 30_000

/** All clients of a server, spread over several processes. */
export class Crowd {
  #workers
  #asked = new Map()
  #nextId = 0
  /** How many of the workers have clients. */
  #busy = 0
  #rounds = []
  #roundOver
  #failed

  constructor () {
    const count = Math.max(2, Math.min(8, availableParallelism() - 1))
    this.#workers = Array.from({ length: count }, () => this.#start())
  }

  /** Connects `count` clients and subscribes each to its keys. `answers`: how many frames answer that. */
  async open (server, { count, shape, frame = {}, atOnce = 32 }) {
    const answers = server.answers(shape.keys * shape.periods.length)
    const part = Math.ceil(count / this.#workers.length)
    this.#busy = Math.ceil(count / part)
    await this.#all((i) => ({
      deed: 'open',
      port: server.port,
      dialect: server.dialect,
      from: Math.min(count, i * part),
      to: Math.min(count, (i + 1) * part),
      shape,
      frame,
      answers,
      atOnce: Math.ceil(atOnce / this.#workers.length),
    }))
  }

  /** Waits until each client has got a bar of each of its keys; when each of them had, on the clock of `now`. */
  async round () {
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => { reject(new Error(`some client has not got its bars within ${ROUND_TIMEOUT_MS} ms`)) }, ROUND_TIMEOUT_MS)
      this.#failed = reject
      this.#roundOver = (times) => {
        clearTimeout(timer)
        resolve(times)
      }
    })
  }

  async bytes () {
    const parts = await this.#all(() => ({ deed: 'bytes' }))
    return parts.reduce((sum, bytes) => sum + bytes, 0)
  }

  end () {
    for (const worker of this.#workers) worker.disconnect()
  }

  #start () {
    const worker = launch([process.execPath, WORKER], { on: OTHER_CORES, stdio: ['ignore', 'inherit', 'inherit', 'ipc'], serialization: 'advanced' })
    worker.on('message', (message) => {
      if (message.round !== undefined) this.#count(message.round)
      else this.#settle(message)
    })
    worker.on('exit', (code) => { if (code !== 0) this.#fail(new Error('a process of the load has ended')) })
    return worker
  }

  async #all (request) {
    return await Promise.all(this.#workers.map((worker, i) => new Promise((resolve, reject) => {
      const id = this.#nextId++
      this.#asked.set(id, { resolve, reject })
      worker.send({ id, ...request(i) })
    })))
  }

  #settle ({ id, result, error }) {
    const { resolve, reject } = this.#asked.get(id)
    this.#asked.delete(id)
    if (error === undefined) resolve(result)
    else reject(new Error(error))
  }

  #count (times) {
    if (this.#rounds.push(times) < this.#busy) return
    const all = this.#rounds.flatMap((part) => [...part])
    this.#rounds = []
    this.#roundOver(all)
  }

  #fail (err) {
    for (const { reject } of this.#asked.values()) reject(err)
    this.#asked.clear()
    this.#failed?.(err)
  }
}

/** Milliseconds of a clock that all processes of the machine share. */
export function now () {
  return Number(process.hrtime.bigint()) / 1e6
}
