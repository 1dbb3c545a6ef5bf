import { connect } from '../client/index.ts'
import { BarChart } from './chart.ts'
import { type Contract, Contracts } from './contracts.ts'
import { find } from './dom.ts'
import { ContractList } from './list.ts'
import { Operations } from './operations.ts'
import { patiently } from './patiently.ts'
import { offerPeriods } from './periods.ts'
import { type Key, parsePlace, placeOf } from './place.ts'
import { quotePeriod } from './quote.ts'
import { Quotes } from './quotes.ts'
import { type PageSettings, readJson } from './server.ts'
import { askToken, keptToken, readSignedIn } from './sign-in.ts'
import { showState } from './status.ts'
import { offerThemes } from './theme.ts'
import { Viewer } from './viewer.ts'

interface Symbols { readonly symbols: readonly Contract[] }

/** How often to look for new contracts; if there are none yet, somebody waits. */
const LOOK_EVERY_MS = 30_000
const WAIT_MS = 2000
const UNAUTHENTICATED = 4001

const onTheme = offerThemes(find('theme', HTMLButtonElement))
const { periods, maxHistory, metrics } = await patiently(() => readJson<PageSettings>('page.json'))
const { symbols } = await patiently(() => readSignedIn<Symbols>('symbols', 'subscriber'))

const token = keptToken('subscriber')
const client = connect('ws', token === undefined ? {} : { token: () => token })
const chart = new BarChart({ box: find('chart', HTMLElement), onPoint (time, by) { viewer.point(time, by) } })
const viewer = new Viewer({ client, chart, maxHistory })
const operations = new Operations()
const quotes = new Quotes({ client, period: quotePeriod(periods), onChange () { list.paint() } })
const list = new ContractList({
  box: find('list', HTMLElement),
  input: find('search', HTMLInputElement),
  count: find('count', HTMLElement),
  quoteOf: (symbol) => quotes.get(symbol),
  onSelect (symbol) { go({ symbol, period: shown?.period ?? periods[0] }) },
  onVisible (symbols) { quotes.follow(symbols) },
})
const checkPeriod = offerPeriods(find('periods', HTMLElement), { periods, onChoose (period) { if (shown !== undefined) go({ ...shown, period }) } })
let contracts = new Contracts(symbols)
let shown: Key | undefined

/** The address says what is shown, so that it can be kept and sent. */
function go (key: Key): void {
  history.replaceState(undefined, '', placeOf(key))
  look()
}

/** Shows what the address says; if it says nothing that there is, the address says what is shown. */
function look (): void {
  const place = parsePlace(location.hash, periods)
  const isOperations = place.view === 'operations' && metrics
  find('charts', HTMLElement).hidden = isOperations
  find('operations', HTMLElement).hidden = !isOperations
  find('to-charts', HTMLElement).ariaCurrent = isOperations ? null : 'page'
  find('to-operations', HTMLElement).ariaCurrent = isOperations ? 'page' : null
  operations.show(isOperations)
  if (isOperations) {
    document.title = 'Operations'
    return
  }
  if (place.view === 'charts' && place.key !== undefined) return open(place.key)
  const [first] = contracts.all
  if (shown !== undefined) go(shown)
  else if (first !== undefined) go({ symbol: first.symbol, period: periods[0] })
  else viewer.note('There are no contracts yet')
}

function open (key: Key): void {
  document.title = `${key.symbol} ${key.period}`
  if (key.symbol === shown?.symbol && key.period === shown.period) return
  shown = key
  find('to-charts', HTMLAnchorElement).href = placeOf(key)
  checkPeriod(key.period)
  list.select(key.symbol)
  viewer.open(key)
}

async function lookForContracts (): Promise<void> {
  const answer = await readJson<Symbols>('symbols', token).catch(() => undefined) // how the connection is says why
  if (answer !== undefined) {
    contracts = new Contracts(answer.symbols)
    list.set(contracts)
    if (shown === undefined) look()
  }
  lookLater()
}

function lookLater (): void {
  setTimeout(lookForContracts, contracts.all.length === 0 ? WAIT_MS : LOOK_EVERY_MS)
}

find('to-operations', HTMLElement).hidden = !metrics
onTheme(() => { chart.paint() })
showState(client)
client.on('state', async ({ state, code }) => {
  if (state === 'closed' && code === UNAUTHENTICATED && await askToken('subscriber', 'The server does not, or no longer, take the token that it was given.')) location.reload()
})
addEventListener('hashchange', look)
addEventListener('keydown', (event) => {
  const writes = event.target instanceof HTMLInputElement && event.target.type !== 'radio'
  if (event.key !== '/' || writes) return
  event.preventDefault()
  find('search', HTMLInputElement).focus()
})
list.set(contracts)
look()
lookLater()

// For the console, and for those who drive the page.
Object.assign(globalThis, { klinePush: { client, chart, viewer } })
