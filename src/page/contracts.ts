/** As `GET /symbols` has it. */
export interface Contract {
  readonly symbol: string
  readonly lastClose: number
}

/** Those that a search is about, ascending: first those that begin with it. Large and small letters are the same. */
export function search (contracts: readonly Contract[], text: string): Contract[] {
  const wanted = text.trim().toLowerCase()
  const found = contracts.filter(({ symbol }) => symbol.toLowerCase().includes(wanted))
  const rank = ({ symbol }: Contract): number => symbol.toLowerCase().startsWith(wanted) ? 0 : 1
  return found.sort((a, b) => rank(a) - rank(b) || compare(a.symbol, b.symbol))
}

const { compare } = new Intl.Collator('en', { numeric: true })
