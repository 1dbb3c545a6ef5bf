import { setTimeout as pause } from 'node:timers/promises'
import { answerDeeds } from '../load/deeds.mjs'
import { audit, compareEachOther, until } from './comparisons.mjs'
import { Gate } from './gate.mjs'
import { spoilerOf } from './sabotage.mjs'
import { Subscriber } from './subscriber.mjs'
import { Tally } from './tally.mjs'
import { WISHES } from './wishes.mjs'

// A part of the clients: they come, go, dawdle and come back, and check what they are told.

/** Clients that connect at a time. */
const AT_ONCE = 50
const READ_MS = 8000
const PATIENCE_MS = 120_000
const CALM_MS = 3000

const tally = new Tally((said) => { process.send({ said }) })
const subscribers = []
const handshakes = new Gate(AT_ONCE)
let port
let part
const mood = {
  /** Whether clients come and go by themselves. */
  restless: true,
  /** Whether the server is being killed. */
  killed: false,
}

const deeds = {
  /** Starts clients `from` up to, not including, `to` of a kind, of which they are a `share`; resolves when all have come. */
  async open ({ kind, from, to, share, shape, ...world }) {
    port = world.port
    part = { kind, share }
    for (let index = from; index < to; index++) {
      const subscriber = new Subscriber(WISHES[kind](index, shape), { port, tally, spoil: spoilerOf(world.sabotage, { kind, index }) })
      subscribers.push(subscriber)
      live(subscriber).catch(tell)
    }
    await until(() => ready() === subscribers.length, PATIENCE_MS)
    if (ready() < subscribers.length) throw new Error(`${subscribers.length - ready()} clients could not connect`)
  },

  /** From now on so many of a kind go and come back in a second, and slow readers read nothing for up to `stopMs`. */
  async stir ({ perSecond, stopMs }) {
    if (part.kind === 'slow') for (const subscriber of subscribers) dawdle(subscriber, stopMs).catch(tell)
    else churn(perSecond[part.kind] * part.share).catch(tell)
    compareEachOther(subscribers, tally).catch(tell)
  },

  /** Whether connections may be cut from now on. */
  async brace ({ expected }) { mood.killed = expected },

  async report () {
    return { ...tally.report(), ready: ready() }
  },

  /** Compares what auditors hold with what the server has. */
  async audit () {
    for (const subscriber of subscribers) {
      if (subscriber.series === undefined) continue
      for (const key of subscriber.keys) {
        const done = await audit(subscriber, key, { port, tally })
        if (!done && !mood.restless) tally.fault('series', `${key}: the client did not get to where the server is`, 1)
      }
    }
  },

  /** All come back, nobody goes any more; when nothing comes any more, each asks whether it has missed anything. */
  async settle () {
    mood.restless = false
    for (const subscriber of subscribers) if (subscriber.dawdled) subscriber.readOn()
    let seen = NaN
    for (let rounds = 0; rounds < PATIENCE_MS / CALM_MS && !(seen === tally.events && ready() === subscribers.length); rounds++) {
      seen = tally.events
      await pause(CALM_MS)
    }
    if (ready() < subscribers.length) tally.fault('absent', `${subscribers.length - ready()} clients could not come back`, subscribers.length - ready())
    for (const subscriber of subscribers) {
      if (!subscriber.ready) continue
      const missed = await subscriber.confirm()
      if (missed !== 0) tally.fault('lost', `${missed} events of ${subscriber.keys[0]} and others had not come by the end`, missed)
    }
  },
}

function ready () {
  return subscribers.filter(({ ready }) => ready).length
}

/** Connected for as long as it likes, then away for a while. */
async function live (subscriber) {
  for (let times = 0; ; times++) {
    try {
      await handshakes.pass(async () => { await subscriber.join() })
      if (times > 0) tally.returns++
    } catch (err) {
      if (!mood.killed) tally.ended(`could not connect: ${err.message}`)
      await pause(500 + Math.random() * 1500)
      continue
    }
    const code = await subscriber.gone
    note(subscriber, code)
    await pause(subscriber.left ? 200 + Math.random() ** 2 * 20_000 : 500 + Math.random() * 1500)
  }
}

function note ({ left, dawdled }, code) {
  if (left) return
  if (dawdled && (code === 4108 || code === undefined)) tally.slow++ // who reads nothing gets no code
  else if (mood.killed) tally.cut++
  else tally.ended(`a connection was closed with ${code ?? 'no code'}`)
}

/** So many clients a second go properly, vanish, or give their keys back and take them again. */
async function churn (perSecond) {
  while (mood.restless) {
    await pause(Math.random() * 2000 / perSecond)
    const subscriber = subscribers[Math.floor(Math.random() * subscribers.length)]
    if (!mood.restless || !subscriber.ready) continue
    const chance = Math.random()
    if (chance < 0.3) subscriber.leave('close').catch(tell)
    else if (chance < 0.6) subscriber.leave('vanish').catch(tell)
    else reconsider(subscriber).catch(() => {}) // the connection was cut meanwhile, which is noted elsewhere
  }
}

async function reconsider (subscriber) {
  await subscriber.reconsider(async () => { await pause(Math.random() * 5000) })
  tally.reconsidered++
}

/**
 * Reads for a while, and then nothing, for up to `stopMs`; then long enough for a gap to show. Every other time it
 * vanishes after that and comes back: the system lends an old connection so many buffers that its reader hardly ever
 * falls behind.
 */
async function dawdle (subscriber, stopMs) {
  while (mood.restless) {
    await pause(Math.random() * READ_MS)
    if (!mood.restless || !subscriber.ready) continue
    subscriber.stopReading()
    await pause(Math.random() * stopMs)
    subscriber.readOn()
    await pause(READ_MS)
    if (mood.restless && subscriber.ready && Math.random() < 0.5) await subscriber.leave('vanish')
  }
}

function tell (err) {
  tally.fault('load', err.stack, 1)
}

answerDeeds(deeds)
