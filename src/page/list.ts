import { type Contract, Contracts } from './contracts.ts'
import { make, oncePerFrame, write } from './dom.ts'
import { decimalsOf, formatChange, formatCount, formatPrice } from './format.ts'
import type { Quote } from './quote.ts'

const ROW_PX = 32
/** Rows beyond each edge that are there already when somebody scrolls. */
const SPARE = 4
/** Somebody who scrolls past a row does not want its price. */
const SETTLED_MS = 120

const STEPS: Readonly<Record<string, (place: number, page: number) => number>> = {
  ArrowDown: (place) => place + 1,
  ArrowUp: (place) => place - 1,
  PageDown: (place, page) => place + page,
  PageUp: (place, page) => place - page,
  Home: () => 0,
  End: () => Infinity,
}

export interface ListParts {
  readonly box: HTMLElement
  readonly input: HTMLInputElement
  readonly count: HTMLElement
  readonly quoteOf: (symbol: string) => Quote | undefined
  readonly onSelect: (symbol: string) => void
  /** These can be seen now. */
  readonly onVisible: (symbols: readonly string[]) => void
}

/** Thousands of contracts, of which only the rows that can be seen are on the page. */
export class ContractList {
  readonly paint: () => void
  readonly #parts: ListParts
  readonly #space = make('div', 'space')
  readonly #rows = new Map<number, HTMLElement>()
  #contracts = new Contracts([])
  #shown: readonly Contract[] = []
  #selected = ''
  #timer = 0

  constructor (parts: ListParts) {
    const { box, input } = parts
    this.#parts = parts
    this.paint = oncePerFrame(() => { this.#paint() })
    box.append(this.#space)
    box.addEventListener('scroll', () => { this.#moved() })
    new ResizeObserver(() => { this.#moved() }).observe(box)
    box.addEventListener('click', ({ target }) => {
      const row = (target as Element).closest<HTMLElement>('[role=option]')
      if (row !== null) this.#choose(Number(row.dataset.place))
    })
    box.addEventListener('keydown', (event) => { this.#step(event) })
    input.addEventListener('input', () => { this.#filter() })
    input.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') this.#choose(0)
      if (event.key === 'ArrowDown') box.focus()
      if (event.key === 'Enter' || event.key === 'ArrowDown') event.preventDefault()
    })
  }

  set (contracts: Contracts): void {
    this.#contracts = contracts
    this.#filter()
  }

  select (symbol: string): void {
    this.#selected = symbol
    const place = this.#place()
    const { box } = this.#parts
    if (place >= 0) {
      box.scrollTop = Math.min(place * ROW_PX, Math.max(box.scrollTop, (place + 1) * ROW_PX - box.clientHeight))
    }
    this.paint()
  }

  #place (): number {
    return this.#shown.findIndex(({ symbol }) => symbol === this.#selected)
  }

  #filter (): void {
    const { input, count } = this.#parts
    const { length } = this.#contracts.all
    const all = formatCount(length)
    this.#shown = this.#contracts.search(input.value)
    write(count, this.#shown.length === length ? `${all} contracts` : `${formatCount(this.#shown.length)} of ${all} contracts`)
    this.#space.style.height = `${this.#shown.length * ROW_PX}px`
    this.#moved()
  }

  #moved (): void {
    this.paint()
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      const [first, end] = this.#range()
      this.#parts.onVisible(this.#shown.slice(first, end).map(({ symbol }) => symbol))
    }, SETTLED_MS)
  }

  #step (event: KeyboardEvent): void {
    const step = STEPS[event.key]
    if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    const page = Math.max(1, Math.floor(this.#parts.box.clientHeight / ROW_PX) - 1)
    this.#choose(Math.max(0, Math.min(step(this.#place(), page), this.#shown.length - 1)))
  }

  #choose (place: number): void {
    const contract = this.#shown[place]
    if (contract !== undefined) this.#parts.onSelect(contract.symbol)
  }

  #range (): [first: number, end: number] {
    const { scrollTop, clientHeight } = this.#parts.box
    return [Math.max(0, Math.floor(scrollTop / ROW_PX) - SPARE), Math.min(this.#shown.length, Math.ceil((scrollTop + clientHeight) / ROW_PX) + SPARE)]
  }

  #paint (): void {
    const { box } = this.#parts
    const [first, end] = this.#range()
    const idle: HTMLElement[] = []
    for (const [place, row] of this.#rows) {
      if (place >= first && place < end) continue
      this.#rows.delete(place)
      idle.push(row)
    }
    for (let place = first; place < end; place++) {
      const row = this.#rows.get(place) ?? idle.pop() ?? box.appendChild(makeRow())
      this.#rows.set(place, row)
      this.#fill(row, place)
    }
    for (const row of idle) row.remove()
    const active = this.#rows.get(this.#place())
    if (active === undefined) box.removeAttribute('aria-activedescendant')
    else box.setAttribute('aria-activedescendant', active.id)
  }

  #fill (row: HTMLElement, place: number): void {
    const { symbol, lastClose } = this.#shown[place]
    const { close = lastClose, change } = this.#parts.quoteOf(symbol) ?? {}
    const [name, price, moved] = row.children as unknown as HTMLElement[]
    row.id = `contract-${place}`
    row.dataset.place = String(place)
    row.style.transform = `translateY(${place * ROW_PX}px)`
    row.setAttribute('aria-posinset', String(place + 1))
    row.setAttribute('aria-setsize', String(this.#shown.length))
    row.setAttribute('aria-selected', String(symbol === this.#selected))
    write(name, symbol)
    write(price, formatPrice(close, decimalsOf(close)))
    write(moved, change === undefined ? '' : formatChange(change))
    moved.className = change === undefined || change === 0 ? 'change' : `change ${change > 0 ? 'up' : 'down'}`
  }
}

function makeRow (): HTMLElement {
  const row = make('div', '', make('span', 'symbol'), make('span', 'close'), make('span', 'change'))
  row.setAttribute('role', 'option')
  return row
}
