import { connect } from '../client/index.ts'
import { BarChart } from './chart.ts'
import { type Contract, search } from './contracts.ts'
import { find } from './dom.ts'
import { ContractList } from './list.ts'
import { Operations } from './operations.ts'
import { offerPeriods } from './periods.ts'
import { type Key, parsePlace, placeOf } from './place.ts'
import { quotePeriod } from './quote.ts'
import { Quotes } from './quotes.ts'
import { type PageSettings, readJson } from './server.ts'
import { askToken, keptToken, readSignedIn } from './sign-in.ts'
import { showState } from './status.ts'
import { offerThemes } from './theme.ts'
import { patiently } from './patiently.ts'
import { Viewer } from './viewer.ts'

interface Symbols { readonly symbols: readonly Contract[] }

/** How often to look for new contracts. */
const LOOK_EVERY_MS = 30_000
const UNAUTHENTICATED = 4001

const { periods, metrics } = await patiently(() => readJson<PageSettings>('page.json'))
let { symbols: contracts } = await patiently(() => readSignedIn<Symbols>('symbols', 'subscriber'))

const token = keptToken('subscriber')
const client = connect('ws', token === undefined ? {} : { token: () => token })
const chart = new BarChart({ box: find('chart', HTMLElement), onPoint (bar, by) { viewer.point(bar, by) } })
const viewer = new Viewer(client, chart)
const operations = new Operations()
const quotes = new Quotes({ client, period: quotePeriod(periods), onChange () { list.paint() } })
const list = new ContractList({
  box: find('list', HTMLElement),
  input: find('search', HTMLInputElement),
  count: find('count', HTMLElement),
  quoteOf: (symbol) => quotes.get(symbol),
  onSelect (symbol) { go({ ...shown, symbol }) },
  onVisible (symbols) { quotes.follow(symbols) },
})
const checkPeriod = offerPeriods(find('periods', HTMLElement), { periods, onChoose (period) { go({ ...shown, period }) } })
let shown: Key = { symbol: '', period: periods[0] }

/** The address says what is shown, so that it can be kept, sent and gone back to. */
function go (key: Key): void {
  history.replaceState(undefined, '', placeOf(key))
  look()
}

function look (): void {
  const place = parsePlace(location.hash, periods)
  const isOperations = place.view === 'operations' && metrics
  find('charts', HTMLElement).hidden = isOperations
  find('operations', HTMLElement).hidden = !isOperations
  find('to-charts', HTMLElement).ariaCurrent = isOperations ? null : 'page'
  find('to-operations', HTMLElement).ariaCurrent = isOperations ? 'page' : null
  operations.show(isOperations)
  if (!isOperations) open(place.view === 'charts' && place.key !== undefined ? place.key : { ...shown, symbol: shown.symbol === '' ? firstSymbol() : shown.symbol })
}

function firstSymbol (): string {
  return search(contracts, '')[0]?.symbol ?? ''
}

function open (key: Key): void {
  if (key.symbol === '' || (key.symbol === shown.symbol && key.period === shown.period)) return
  shown = key
  find<HTMLAnchorElement>('to-charts', HTMLAnchorElement).href = placeOf(key)
  document.title = `${key.symbol} ${key.period}`
  checkPeriod(key.period)
  list.select(key.symbol)
  viewer.open(key)
}

async function lookForContracts (): Promise<void> {
  const answer = await readJson<Symbols>('symbols', token).catch(() => undefined) // how the connection is says why
  if (answer === undefined) return
  contracts = answer.symbols
  list.set(contracts)
  look()
}

find('to-operations', HTMLElement).hidden = !metrics
offerThemes(find('theme', HTMLButtonElement), () => { chart.paint() })
showState(client)
client.on('state', ({ state, code, reason }) => {
  if (state === 'closed' && code === UNAUTHENTICATED) askToken('subscriber', reason).then(() => { location.reload() })
})
addEventListener('hashchange', look)
addEventListener('keydown', (event) => {
  if (event.key !== '/' || event.target instanceof HTMLInputElement) return
  event.preventDefault()
  find('search', HTMLInputElement).focus()
})
setInterval(lookForContracts, LOOK_EVERY_MS)

list.set(contracts)
look()

// For the console, and for those who drive the page.
Object.assign(globalThis, { klinePush: { client, chart, viewer } })
