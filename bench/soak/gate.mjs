/** Lets so many through at a time, the others in turn. */
export class Gate {
  #free
  #waiting = []

  constructor (atOnce) {
    this.#free = atOnce
  }

  async pass (run) {
    if (this.#free > 0) this.#free--
    else await new Promise((resolve) => { this.#waiting.push(resolve) })
    try {
      return await run()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#free++
      else next()
    }
  }
}
