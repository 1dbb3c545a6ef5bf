import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { launch, OTHER_CORES } from '../machine/launch.mjs'
import { Market, POSTS } from './market.mjs'

const PROCESS = fileURLToPath(new URL('producer-process.mjs', import.meta.url))
/** A producer that is to be killed is killed within so many milliseconds after it began a POST. */
const WITHIN_MS = 20
const RETURN_MS = 1500
const STOP_TIMEOUT_MS = 150_000

/** One producer: the process may die, and the next one goes on where the last answer was. */
export class Producer {
  /** `unsure`: answers to POSTs that were sent before without an answer; `stored`: how many of these had been taken already. */
  counts = { posts: 0, accepted: 0, duplicates: 0, revised: 0, kills: 0, unsure: 0, stored: 0 }
  #orders
  #market
  #onFault
  #child
  #next = 0
  #sent = -1
  #doomed = false
  #stopping = false
  #over = false
  #startsAt
  #stopped

  /** For `orders` see the process. */
  constructor (orders, onFault) {
    this.#orders = orders
    this.#market = new Market(orders.begin)
    this.#onFault = onFault
    this.#stopped = new Promise((resolve) => { this.#settleStopped = resolve })
  }

  #settleStopped

  /** Step 0 is due at `startsAt`, milliseconds since 1970. */
  start ({ startsAt }) {
    this.#startsAt = startsAt
    this.#launch()
  }

  #launch () {
    const child = launch([process.execPath, PROCESS], { on: OTHER_CORES, detached: true, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    this.#child = child
    child.on('message', (message) => { this.#take(child, message) })
    child.send({ ...this.#orders, startsAt: this.#startsAt, next: this.#next, unsure: this.#sent === this.#next })
    this.#mind(child).catch((err) => { this.#onFault('producer', err.message, 1) })
    if (this.#stopping) child.send('stop')
  }

  /** In the middle of its next POST, or about it. */
  killSoon () {
    this.#doomed = true
  }

  /** Resolves with how many steps it has sent as a whole; NaN: it did not finish one. */
  async stop () {
    this.#stopping = true
    if (this.#child?.connected) this.#child.send('stop')
    const done = await Promise.race([this.#stopped, pause(STOP_TIMEOUT_MS, false, { ref: false })])
    this.kill()
    return done ? Math.ceil(this.#next / POSTS) : NaN
  }

  kill () {
    this.#over = true
    this.#doomed = false
    this.#child?.kill('SIGKILL')
  }

  /** Puts another one in the place of a process that was killed. */
  async #mind (child) {
    const [[code, signal]] = await Promise.all([once(child, 'exit'), once(child, 'disconnect')]) // and with that all it has said is here
    if (this.#over) return
    if (signal !== 'SIGKILL') throw new Error(`a producer has ended with ${code ?? signal}`)
    await pause(Math.random() * RETURN_MS)
    if (this.#over) return
    this.#launch() // even when it is to stop: a step that was begun is finished
  }

  #take (child, { posting, answered, unsure, answer, stopped, failed }) {
    if (posting !== undefined) {
      this.#sent = posting
      this.#next = posting // those without a body in between are passed over
      if (this.#doomed) this.#execute(child)
    } else if (answered !== undefined) {
      this.#next = answered + 1
      this.#check(answered, unsure, answer)
    } else if (stopped) {
      this.#settleStopped(true)
    } else {
      this.#onFault('producer', failed, 1)
      this.#settleStopped(false)
    }
  }

  #execute (child) {
    this.#doomed = false
    this.counts.kills++
    setTimeout(() => { child.kill('SIGKILL') }, Math.random() * WITHIN_MS)
  }

  /** An answer has to count what is new once, and what was there already as duplicates. */
  #check (number, unsure, answer) {
    this.counts.posts++
    const { expected } = this.#market.post(number, this.#orders)
    if (expected === undefined) return
    const all = expected.accepted + expected.revised + expected.duplicates
    const isStored = unsure && same(answer, { accepted: 0, revised: 0, duplicates: all })
    if (unsure) this.counts.unsure++
    if (isStored && expected.duplicates < all) this.counts.stored++
    if (!isStored && !same(answer, expected)) this.#onFault('answer', `POST ${number} was answered with ${JSON.stringify(answer)}, not ${JSON.stringify(expected)}`, 1)
    for (const name of ['accepted', 'duplicates', 'revised']) this.counts[name] += answer[name]
  }
}

function same (a, b) {
  return a.accepted === b.accepted && a.duplicates === b.duplicates && a.revised === b.revised
}
