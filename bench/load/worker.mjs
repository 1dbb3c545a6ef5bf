import { keysOf } from '../minutes.mjs'
import { Client } from './client.mjs'
import { DIALECTS } from './dialects.mjs'

/** A part of the crowd, in a process of its own; it does what the parent asks, in order of arrival. */
const clients = []
const state = { want: 0, finished: 0, times: new Float64Array(0) }

const deeds = {
  /** Connects and subscribes clients `from` up to, not including, `to`. */
  async open ({ port, dialect, from, to, shape, frame, answers, atOnce }) {
    state.want = shape.keys * shape.periods.length
    state.times = new Float64Array(to - from)
    let next = from
    await together(atOnce, async () => {
      while (next < to) {
        const index = next++
        const client = new Client({ port, dialect: DIALECTS[dialect], onBar: countBar })
        client.got = 0
        await client.open()
        clients.push(client)
        await client.subscribe({ ...frame, args: keysOf(index, shape) }, answers)
      }
    })
  },

  async bytes () {
    return clients.reduce((sum, { bytes }) => sum + bytes, 0)
  },
}

/** A client has finished a round when it has a bar of each of its keys; the round is over when all have. */
function countBar (client) {
  if (++client.got < state.want) return
  client.got = 0
  state.times[state.finished++] = now()
  if (state.finished < clients.length) return
  state.finished = 0
  process.send({ round: state.times })
}

/** Milliseconds of a clock that all processes of the machine share. */
function now () {
  return Number(process.hrtime.bigint()) / 1e6
}

async function together (count, run) {
  await Promise.all(Array.from({ length: count }, run))
}

process.on('message', async ({ id, deed, ...details }) => {
  try {
    process.send({ id, result: await deeds[deed](details) })
  } catch (err) {
    process.send({ id, error: err.message })
  }
})
process.on('disconnect', () => { process.exit() })
