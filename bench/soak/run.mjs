import { setTimeout as pause } from 'node:timers/promises'
import { keepAgenda } from './agenda.mjs'
import { addTables, Audience } from './audience.mjs'
import { Market } from './market.mjs'
import { figures, reading } from './meter.mjs'
import { compareWithSent, seqsOf } from './oracle.mjs'
import { post } from './post.mjs'
import { Producer } from './producers.mjs'
import { PERIODS } from './wishes.mjs'

const MINUTES_A_DAY = 1440
const DAY_MS = MINUTES_A_DAY * 60_000
const BARS_PER_POST = 10_000
const AUDIT_EVERY_MS = 60_000
/** How long after the server listens again everybody should be back. */
const RETURN_MS = 15_000
const AUDITOR_CHURN = 0.05
const LEAST_DAYS = 2
/** Durable events of a key that the server keeps, for each minute of the market in a second: more than anybody misses. */
const KEEP_EVENTS = 200
const NO_KIND = { accepted: 0, duplicates: 0, revised: 0, posts: 0, kills: 0, unsure: 0, stored: 0 }

/** What the server is started with: it lets go of bars and events as fast as they come, so that its file keeps its size. */
export function serverEnvironment ({ historyDays, pace }) {
  const days = Math.max(LEAST_DAYS, historyDays)
  const retained = Object.keys(PERIODS).filter((period) => period !== '1d').map((period) => `${period}=${days}`)
  return { KEEP_EVENTS: String(Math.ceil(KEEP_EVENTS * Math.max(1, pace))), RETAIN_DAYS: [...retained, `1d=${Math.max(62, days)}`].join(',') }
}

/** One long run. `onSample` and `onRow` get figures, `onFault(text)` hears of what should not be, `onPhase(text)` of what comes next. */
export class Soak {
  #server
  #options
  #hooks
  #audience
  #market
  #producers
  #samples = []
  #faults = {}
  #begin = NaN
  #restarts = 0

  constructor (server, options, hooks) {
    this.#server = server
    this.#options = options
    this.#hooks = hooks
    this.#audience = new Audience(hooks.onFault)
    const span = options.minutes * 60_000 * 60 * options.pace
    this.#market = new Market(Math.floor((Date.now() - span) / DAY_MS - 1) * DAY_MS) // all of it lies in the past
    this.#producers = this.#hire()
  }

  /** Resolves with what the verdict is about. The signal ends it before its time, with all that is checked at the end. */
  async run (signal) {
    const { minutes, contracts, historyDays, churn, stopReading } = this.#options
    const { onPhase } = this.#hooks
    onPhase('the history goes in')
    await this.#importHistory(signal)
    const seqs = await seqsOf(this.#server, contracts)
    onPhase('the clients come')
    await this.#open()
    onPhase('the market opens')
    this.#begin = Date.now()
    for (const producer of this.#producers) producer.start({ startsAt: this.#begin })
    await this.#audience.stir({ perSecond: { plain: churn, auditor: AUDITOR_CHURN }, stopMs: stopReading * 1000 })
    await keepAgenda(await this.#agenda(signal), { end: this.#begin + minutes * 60_000, signal })
    onPhase('the market closes')
    const closed = Date.now()
    const steps = await Promise.all(this.#producers.map((producer) => producer.stop()))
    onPhase('everybody is asked whether anything is missing')
    await this.#audience.settle()
    await this.#audience.audit()
    onPhase('bars are compared with what was sent')
    const compared = await compareWithSent({
      server: this.#server, market: this.#market, contracts, seqs, onFault: this.#fault, stepsOf: (contract) => steps[Math.floor(contract / this.#share)], since: -historyDays * MINUTES_A_DAY,
    })
    const seen = await this.#audience.report()
    await this.#audience.end()
    return {
      samples: this.#samples,
      seen,
      sent: this.#producers.reduce((all, { counts }) => addTables(all, counts), NO_KIND),
      faults: addTables(seen.faults, this.#faults),
      restarts: this.#restarts,
      compared,
      settleMinutes: Math.min(10, (closed - this.#begin) / 60_000 / 3),
    }
  }

  /** At once, whatever is under way. */
  kill () {
    for (const producer of this.#producers) producer.kill()
    this.#audience.kill()
  }

  /** Contracts of a producer. */
  get #share () {
    return Math.ceil(this.#options.contracts / this.#options.producers)
  }

  #hire () {
    const { contracts, pace } = this.#options
    const producers = []
    for (let from = 0; from < contracts; from += this.#share) {
      producers.push(new Producer({ port: this.#server.port, begin: this.#market.timeOf(0), from, to: Math.min(contracts, from + this.#share), stepMs: 1000 / pace }, this.#fault))
    }
    return producers
  }

  async #importHistory (signal) {
    const { contracts, historyDays } = this.#options
    const bars = []
    for (let contract = 0; contract < contracts && !signal.aborted; contract++) {
      for (let minute = -historyDays * MINUTES_A_DAY; minute < 0; minute++) bars.push(this.#market.bar(contract, minute))
      while (bars.length >= BARS_PER_POST) await this.#import(bars.splice(0, BARS_PER_POST))
    }
    if (bars.length > 0) await this.#import(bars)
  }

  async #import (bars) {
    const { status, answer } = await post(this.#server.port, '/imports', bars)
    if (status !== 200) throw new Error(`an import was answered with ${status}: ${answer}`)
  }

  async #open () {
    const { connections, processes, slow, auditors, contracts, keys, break: sabotage } = this.#options
    const world = { port: this.#server.port, shape: { contracts, keys }, sabotage }
    await this.#audience.open({ kind: 'plain', count: connections, processes }, world)
    await this.#audience.open({ kind: 'slow', count: slow, processes: 1 }, world)
    await this.#audience.open({ kind: 'auditor', count: auditors, processes: 1 }, world)
  }

  async #agenda (signal) {
    const { sampleEvery, killEvery, restartEvery, restartServer } = this.#options
    const items = [
      { everyMs: sampleEvery * 1000, run: await this.#sampler() },
      { everyMs: killEvery * 1000, run: async () => { this.#producers[Math.floor(Math.random() * this.#producers.length)].killSoon() } },
      { everyMs: AUDIT_EVERY_MS, run: async () => { await this.#audience.audit() } },
    ]
    if (restartServer) items.push({ everyMs: restartEvery * 1000, run: async () => { await this.#restart(signal) } })
    return items
  }

  async #restart (signal) {
    await this.#audience.brace(true)
    await this.#server.restart()
    this.#restarts++
    await pause(RETURN_MS, undefined, { signal }).catch(() => {})
    await this.#audience.brace(false)
  }

  async #sampler () {
    const { rowEvery } = this.#options
    const begin = this.#begin
    let last = await reading(this.#server, this.#audience)
    let row = { from: last, delays: last.seen.delays }
    return async () => {
      const now = await reading(this.#server, this.#audience)
      const { delays } = now.seen
      row.delays = row.delays.map((count, ms) => count + delays[ms])
      const sample = figures(last, now, { begin, delays })
      this.#samples.push(sample)
      this.#hooks.onSample(sample)
      if (now.at - row.from.at > (rowEvery - 0.1) * 60_000) {
        this.#hooks.onRow(figures(row.from, now, { begin, delays: row.delays }))
        row = { from: now, delays: new Uint32Array(delays.length) }
      }
      last = now
    }
  }

  #fault = (kind, text, count) => {
    this.#faults[kind] = (this.#faults[kind] ?? 0) + count
    this.#hooks.onFault(`${kind}: ${text}`)
  }
}
