import { setTimeout as pause } from 'node:timers/promises'
import { Market, POSTS } from './market.mjs'
import { post } from './post.mjs'

// Sends the minutes of its contracts until it is killed or told to stop, and tells before and after each POST.
const RETRY_MS = 200
const MOST_TRIES = 600
/** How many times as fast it may go when it is behind. */
const HASTE = 4

const orders = { stop: false }

process.on('message', (message) => {
  if (message === 'stop') orders.stop = true
  else run(message).catch((err) => { process.send({ failed: err.message }) })
})
process.on('disconnect', () => { process.exit() })

/** From POST number `next` on; `unsure`: whether the server may have it already. Step 0 is due at `startsAt`. */
async function run ({ port, begin, from, to, next, unsure, startsAt, stepMs }) {
  const market = new Market(begin)
  for (let number = next; !(orders.stop && number % POSTS === 0); number++) {
    if (number % POSTS === 0) await pause(Math.max(stepMs / HASTE, startsAt + number / POSTS * stepMs - Date.now()))
    if (orders.stop && number % POSTS === 0) break
    const wanted = market.post(number, { from, to })
    if (wanted === undefined) continue
    await new Promise((resolve) => { process.send({ posting: number }, resolve) }) // said before it is done, however soon the end comes
    process.send({ answered: number, ...await postUntilTaken(port, wanted, unsure && number === next) })
  }
  process.send({ stopped: true })
}

async function postUntilTaken (port, { path, body }, wasSent) {
  let unsure = wasSent
  let trouble
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    try {
      const { status, answer } = await post(port, path, body)
      if (status === 200) return { unsure, answer }
      if (status !== 503 && status !== 429) throw new Error(`${path} answered ${status}: ${answer}`)
      trouble = `${status}: ${answer}`
    } catch (err) {
      if (err.code === undefined && !err.message.startsWith('no answer')) throw err
      unsure ||= err.code !== 'ECONNREFUSED' // it may have been taken, and the answer was lost
      trouble = err.message
    }
    await pause(RETRY_MS)
  }
  throw new Error(`${path} was not taken in ${MOST_TRIES} tries: ${trouble}`)
}
