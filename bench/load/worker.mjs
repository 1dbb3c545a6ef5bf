import { setTimeout as pause } from 'node:timers/promises'
import { keysOf } from '../minutes.mjs'
import { Client } from './client.mjs'
import { answerDeeds } from './deeds.mjs'
import { DIALECTS } from './dialects.mjs'
import { wander } from './wanderer.mjs'

/** A part of the crowd, in a process of its own: clients `from` up to, not including, `to`. */
const clients = []
const round = { want: 0, finished: 0, times: new Float64Array(0) }
let wandering = false

const deeds = {
  /**
   * Connects and subscribes, so many at once. With `since`, a position, each client goes on after it, and a round is
   * over when it has the `missed` bars of each of its keys.
   */
  async open ({ port, dialect, from, to, shape, answers, atOnce, since, missed = 1 }) {
    round.want = shape.keys * shape.periods.length * missed
    round.times = new Float64Array(to - from)
    let next = from
    await together(atOnce, async () => {
      while (next < to) {
        const args = keysOf(next++, shape)
        const client = new Client({ port, dialect: DIALECTS[dialect], onBar: countBar })
        client.got = 0
        await client.open()
        clients.push(client)
        await client.subscribe(since === undefined ? { args } : { args, since: Object.fromEntries(args.map((key) => [key, since])) }, answers)
      }
    })
  },

  /** All at once. */
  async drop () {
    for (const client of clients) client.leave()
    clients.length = 0
  },

  /** Clients that come, subscribe and leave at random until told to `settle`. */
  async wander ({ port, dialect, from, to, shape, answers, stayMs }) {
    wandering = true
    for (let i = from; i < to; i++) wander({ port, dialect: DIALECTS[dialect], shape, answers, stayMs, stays: () => wandering })
  },

  async settle ({ stayMs }) {
    wandering = false
    await pause(stayMs * 2)
  },

  async bytes () {
    return clients.reduce((sum, { bytes }) => sum + bytes, 0)
  },
}

function countBar (client) {
  if (++client.got < round.want) return
  client.got = 0
  round.times[round.finished++] = Number(process.hrtime.bigint()) / 1e6
  if (round.finished < round.times.length) return
  round.finished = 0
  process.send({ round: round.times })
}

async function together (count, run) {
  await Promise.all(Array.from({ length: count }, run))
}

answerDeeds(deeds)
