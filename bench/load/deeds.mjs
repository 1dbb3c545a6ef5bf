/** What processes of the load are asked to do, and what became of it. */
export class Deeds {
  #asked = new Map()
  #nextId = 0
  #about

  /** `about` goes before what a process complains of. */
  constructor (about = '') {
    this.#about = about
  }

  /** Resolves with what a process has to say once it has done a deed. */
  async ask (child, deed, details) {
    return await new Promise((resolve, reject) => {
      const id = this.#nextId++
      this.#asked.set(id, { resolve, reject })
      child.send({ id, deed, ...details })
    })
  }

  /** A process has answered. */
  answered ({ id, result, error }) {
    const { resolve, reject } = this.#asked.get(id)
    this.#asked.delete(id)
    if (error === undefined) resolve(result)
    else reject(new Error(`${this.#about}${error}`))
  }

  /** Nobody will answer any more. */
  fail (err) {
    for (const { reject } of this.#asked.values()) reject(err)
    this.#asked.clear()
  }
}

/** Does what this process is asked to, until whoever asks is gone. */
export function answerDeeds (deeds) {
  process.on('message', async ({ id, deed, ...details }) => {
    try {
      process.send({ id, result: await deeds[deed](details) })
    } catch (err) {
      process.send({ id, error: err.message })
    }
  })
  process.on('disconnect', () => { process.exit() })
}
