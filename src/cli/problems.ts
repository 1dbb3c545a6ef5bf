const MOST = 20

/** Writes the first problems, a line for each, and counts them all. */
export class Problems {
  count = 0
  readonly #out: NodeJS.WritableStream

  constructor (out: NodeJS.WritableStream) {
    this.#out = out
  }

  readonly tell = (table: string, problem: string): void => {
    if (this.count++ < MOST) this.#out.write(`${table}: ${problem}\n`)
  }

  /** Says how many there are beside those that were written. */
  end (): void {
    if (this.count > MOST) this.#out.write(`… and ${this.count - MOST} more\n`)
  }
}
