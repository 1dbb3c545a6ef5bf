import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Deeds } from '../load/deeds.mjs'
import { launch, OTHER_CORES } from '../machine/launch.mjs'

const PROCESS = fileURLToPath(new URL('audience-process.mjs', import.meta.url))
const ANSWER_TIMEOUT_MS = 400_000

/** All clients, in several processes. */
export class Audience {
  #processes = []
  #deeds = new Deeds()
  #onSaid

  /** `onSaid` hears of what clients find that should not be. */
  constructor (onSaid) {
    this.#onSaid = onSaid
  }

  /** Starts `count` clients of a kind in so many processes of their own, all in the same `world`; resolves when all have come. */
  async open ({ kind, count, processes }, world) {
    const size = Math.ceil(count / processes)
    const parts = []
    for (let from = 0; from < count; from += size) parts.push({ from, to: Math.min(count, from + size) })
    await Promise.all(parts.map(async (part) => {
      const child = this.#start()
      await this.#ask(child, 'open', { kind, ...part, share: (part.to - part.from) / count, ...world })
    }))
  }

  /** From now on clients come and go; see the deed `stir`. */
  async stir (details) { await this.#askAll('stir', details) }

  /** Whether connections may be cut from now on, which nobody is to wonder at. */
  async brace (expected) { await this.#askAll('brace', { expected }) }

  async audit () { await this.#askAll('audit') }
  async settle () { await this.#askAll('settle') }

  /** What all have seen so far. */
  async report () {
    const reports = await this.#askAll('report')
    return reports.reduce((all, one) => add(all, one))
  }

  async end () {
    await Promise.all(this.#processes.map(async (child) => {
      if (!child.connected) return
      child.disconnect()
      await once(child, 'exit')
    }))
  }

  kill () {
    for (const child of this.#processes) child.kill('SIGKILL')
  }

  #start () {
    const child = launch([process.execPath, PROCESS], { on: OTHER_CORES, detached: true, stdio: ['ignore', 'inherit', 'inherit', 'ipc'], serialization: 'advanced' })
    this.#processes.push(child)
    child.on('message', (message) => {
      if (message.said === undefined) this.#deeds.answered(message)
      else this.#onSaid(message.said)
    })
    child.on('exit', () => { this.#deeds.fail(new Error('a process of the audience has ended')) })
    return child
  }

  async #askAll (deed, details) {
    return await Promise.all(this.#processes.map((child) => this.#ask(child, deed, details)))
  }

  async #ask (child, deed, details) {
    let timer
    const late = new Promise((_resolve, reject) => {
      timer = setTimeout(() => { reject(new Error(`the audience has not done \`${deed}\` for ${ANSWER_TIMEOUT_MS} ms`)) }, ANSWER_TIMEOUT_MS)
    })
    try {
      return await Promise.race([this.#deeds.ask(child, deed, details), late])
    } finally {
      clearTimeout(timer)
    }
  }
}

function add (all, one) {
  const sum = {}
  for (const [name, value] of Object.entries(one)) {
    if (name === 'delays') sum[name] = value.map((count, ms) => count + all[name][ms])
    else if (name === 'faults') sum[name] = addTables(all[name], value)
    else sum[name] = all[name] + value
  }
  return sum
}

export function addTables (all, one) {
  const sum = { ...all }
  for (const [name, count] of Object.entries(one)) sum[name] = (sum[name] ?? 0) + count
  return sum
}
