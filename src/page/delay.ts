import type { Client } from '../client/index.ts'

const MINUTE = 60_000

/**
 * Tells how long after the end of a minute its bar was on the screen, by the clock of this computer, milliseconds;
 * until the function that comes back is called. Minutes that were missed and come late say nothing, nor does a page
 * that nobody sees.
 */
export function measureDelay (client: Client, symbol: string, onDelay: (ms: number) => void): () => void {
  let newest: number | undefined
  return client.subscribe(`${symbol}.1m`, ({ bar: { time, closed } }) => {
    const isNew = newest !== undefined && time > newest
    newest = Math.max(newest ?? time, time)
    if (!isNew || !closed || client.state !== 'live' || document.hidden) return
    requestAnimationFrame(() => { // the picture with it is made next
      setTimeout(() => { onDelay(Date.now() - time - MINUTE) })
    })
  }, { onError () {} }) // what is shown says so itself
}
