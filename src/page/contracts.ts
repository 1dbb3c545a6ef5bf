/** As `GET /symbols` has it. */
export interface Contract {
  readonly symbol: string
  readonly lastClose: number
}

/** Contracts by name, ascending, for as many searches as somebody makes. Large and small letters are the same. */
export class Contracts {
  readonly all: readonly Contract[]
  readonly #names: readonly string[]

  constructor (contracts: readonly Contract[]) {
    const named = contracts.map((contract) => ({ contract, name: contract.symbol.toLowerCase() }))
    named.sort((a, b) => a.name < b.name ? -1 : 1)
    this.all = named.map(({ contract }) => contract)
    this.#names = named.map(({ name }) => name)
  }

  /** Those that a text is in: first those that begin with it. */
  search (text: string): readonly Contract[] {
    const wanted = text.trim().toLowerCase()
    if (wanted === '') return this.all
    const first: Contract[] = []
    const others: Contract[] = []
    this.#names.forEach((name, place) => {
      const found = name.indexOf(wanted)
      if (found >= 0) (found === 0 ? first : others).push(this.all[place])
    })
    return first.concat(others)
  }
}
