import type { Client, ClientState, StateChange } from '../client/index.ts'
import { find, write } from './dom.ts'
import { formatDuration } from './format.ts'

const WORDS: Readonly<Record<ClientState, string>> = {
  connecting: 'Connecting',
  'catching-up': 'Catching up',
  live: 'Live',
  stale: 'Connection lost',
  closed: 'Closed by the server',
}

/** Each contract that is new to the screen has to catch up; nobody needs to be told before it takes so long. */
const SHORT_MS = 500

/** Says how the connection is, where nobody can miss it. */
export function showState (client: Client): void {
  const element = find('state', HTMLElement)
  let timer = 0
  const show = (change: StateChange): void => {
    const { state } = change
    element.dataset.state = state
    write(element, describeState(change))
    document.body.toggleAttribute('data-lost', state === 'stale' || state === 'closed')
  }
  client.on('state', (change) => {
    clearTimeout(timer)
    if (change.state === 'catching-up' && element.dataset.state === 'live') timer = setTimeout(show, SHORT_MS, change)
    else show(change)
  })
  show({ state: client.state })
}

export function describeState ({ state, code, reason = '', retryMs }: StateChange): string {
  const why = code === undefined || code === 1006 ? '' : ` (${code}${reason === '' ? '' : ` ${reason}`})`
  const next = retryMs === undefined ? '' : `, next try in ${formatDuration(retryMs / 1000)}`
  return `${WORDS[state]}${why}${next}`
}
