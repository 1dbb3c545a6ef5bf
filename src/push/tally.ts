const OTHER = 'other'

/** How often each of these has happened, and all that is not one of them: nobody can make up new names. */
export class Tally {
  readonly #counts: Map<string, number>

  constructor (names: Iterable<string | number>) {
    this.#counts = new Map([...names, OTHER].map((name) => [String(name), 0]))
  }

  add (name: string | number): void {
    const known = this.#counts.has(String(name)) ? String(name) : OTHER
    this.#counts.set(known, this.#counts.get(known) as number + 1)
  }

  entries (): Iterable<[name: string, count: number]> {
    return this.#counts.entries()
  }
}
