import { statSync } from 'node:fs'
import { join } from 'node:path'
import { cpu, descriptors, memory } from '../machine/usage.mjs'
import { delayQuantile } from './tally.mjs'

const MIB = 1024 * 1024

/** How server and clients stand at this moment; everything that is counted is counted from the beginning. */
export async function reading (server, audience) {
  const { pid } = server
  const { user, system } = cpu(pid)
  const { resident, anonymous } = memory(pid)
  const { connections, keys } = await server.get('/health')
  const { size } = statSync(join(server.dataDir, 'bars.mdb'))
  return { at: Date.now(), pid, cpuUs: user + system, resident, anonymous, heap: await heapOf(server), data: size, descriptors: descriptors(pid), connections, keys, seen: await audience.report() }
}

/** What happened between two readings, and how the second stands. `begin`: when the run began. */
export function figures (from, to, { begin, delays }) {
  const seconds = (to.at - from.at) / 1000
  const each = (name) => (to.seen[name] - from.seen[name]) / seconds
  return {
    minute: (to.at - begin) / 60_000,
    connections: to.connections,
    keys: to.keys,
    descriptors: to.descriptors,
    cpuPercent: to.pid === from.pid ? (to.cpuUs - from.cpuUs) / seconds / 1e4 : NaN,
    residentMib: to.resident / MIB,
    anonymousMib: to.anonymous / MIB,
    heapMib: to.heap / MIB,
    dataMib: to.data / MIB,
    eventsPerSecond: each('events'),
    updatesPerSecond: each('updates'),
    returnsPerSecond: each('returns'),
    delayP50Ms: delayQuantile(delays, 0.5),
    delayP99Ms: delayQuantile(delays, 0.99),
    slow: to.seen.slow,
    unexplained: to.seen.unexplained,
    faults: Object.values(to.seen.faults).reduce((sum, count) => sum + count, 0),
  }
}

/** NaN where the server does not tell. */
async function heapOf (server) {
  const response = await fetch(`http://127.0.0.1:${server.port}/metrics`)
  const text = await response.text()
  return Number(/^\w*heap_size_used_bytes(?:\{[^}]*\})? (\S+)/m.exec(text)?.[1] ?? NaN)
}
