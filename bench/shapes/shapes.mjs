import { churn } from './churn.mjs'
import { connecting } from './connecting.mjs'
import { fanOut } from './fan-out.mjs'
import { ingest } from './ingest.mjs'
import { storm } from './storm.mjs'

const FAN_OUT_SERVERS = ['ours', 'floor-c', 'floor-node', 'uws', 'ws', 'fastify-websocket', 'socket.io']
const FAN_OUT_COLUMNS = [
  ['CPU µs/bar', 'cpuUs'],
  ['user', 'userUs'],
  ['system', 'systemUs'],
  ['last ms p50', 'lastP50Ms'],
  ['p99', 'lastP99Ms'],
  ['each ms p50', 'clientP50Ms'],
  ['p99', 'clientP99Ms'],
  ['bytes/bar', 'bytes'],
  ['KiB/connection', 'connectionKib'],
]
const CONNECTING_COLUMNS = [
  ['CPU µs/connection', 'cpuUs'],
  ['user', 'userUs'],
  ['system', 'systemUs'],
  ['seconds', 'seconds'],
  ['KiB/connection', 'connectionKib'],
]
const GROWTH_COLUMNS = [
  ['CPU ms/minute', 'minuteMs'],
  ['CPU µs/bar', 'cpuUs'],
  ['last ms p50', 'lastP50Ms'],
  ['MiB', 'residentMib'],
  ['KiB/connection', 'connectionKib'],
]
/** Open files that a server needs besides its connections. */
const SPARE_FILES = 200

const only1m = ['1m']
const burst = { clients: 1000, symbols: 500, keys: 50, periods: only1m, rounds: 20 }

/**
 * What is measured, in order. A row is one server under one load; a goal is what a figure of the first row may be at
 * most, as a multiple of the same figure of the row `against`, or as it is.
 */
export const SHAPES = {
  burst: {
    title: '1,000 clients, 500 symbols, 50 keys each, 20 minutes',
    repeats: 3,
    columns: FAN_OUT_COLUMNS,
    rows: fanOutRows(burst),
    goals: [
      { figure: 'cpuUs', against: 'floor-c', atMost: 3 },
      { figure: 'cpuUs', against: 'uws', atMost: 1 / 4 },
      { figure: 'lastP50Ms', against: 'uws', atMost: 1 / 3 },
    ],
  },
  wide: {
    title: '5,000 clients, 1 symbol, 30 minutes',
    repeats: 3,
    columns: FAN_OUT_COLUMNS,
    rows: fanOutRows({ clients: 5000, symbols: 1, keys: 1, periods: only1m, rounds: 30 }),
    goals: [
      { figure: 'cpuUs', against: 'floor-c', atMost: 1.4 },
      { figure: 'cpuUs', against: 'uws', atMost: 1.2 },
    ],
  },
  bots: {
    title: '20 clients, 2,000 symbols, all of them each, 20 minutes',
    repeats: 3,
    columns: FAN_OUT_COLUMNS,
    rows: fanOutRows({ clients: 20, symbols: 2000, keys: 2000, periods: only1m, rounds: 20 }),
    goals: [{ figure: 'cpuUs', against: 'uws', atMost: 1 / 4 }],
  },
  periods: {
    title: '1,000 clients, 500 symbols, 10 symbols in 5 periods each, 20 minutes, against the burst',
    repeats: 3,
    columns: FAN_OUT_COLUMNS,
    rows: [
      row('ours', 'ours', () => fanOut('ours', { ...burst, keys: 10, periods: ['1m', '5m', '15m', '1h', '1d'] })),
      row('ours, burst', 'ours', () => fanOut('ours', burst)),
    ],
    goals: [{ figure: 'cpuUs', against: 'ours, burst', atMost: 1.3 }],
  },
  deflate: {
    title: 'the burst with compressed frames',
    repeats: 3,
    columns: FAN_OUT_COLUMNS,
    rows: ['ours', 'ours-deflate'].map((server) => row(server, server, () => fanOut(server, burst), burst.clients)),
    goals: [],
  },
  workers: {
    title: '2,000 clients, 500 symbols, 50 keys each, with the server on all cores too',
    repeats: 3,
    columns: FAN_OUT_COLUMNS,
    rows: ['ours-1-worker', 'ours-2-workers'].map((server) => row(server, server, () => fanOut(server, { ...burst, clients: 2000 }), 2000)),
    goals: [],
  },
  idle: {
    title: '10,000 connections with 1 key each that do nothing',
    repeats: 2,
    columns: CONNECTING_COLUMNS,
    rows: connectingRows(['ours', 'fastify-websocket'], { clients: 10_000, symbols: 500, keys: 1, periods: only1m }),
    goals: [
      { figure: 'connectionKib', atMost: 10 },
      { figure: 'connectionKib', against: 'fastify-websocket', atMost: 1.3 },
    ],
  },
  connecting: {
    title: '10,000 clients come and subscribe to 10 keys each',
    repeats: 2,
    columns: CONNECTING_COLUMNS,
    rows: connectingRows(['ours', 'same-answers'], { clients: 10_000, symbols: 500, keys: 10, periods: only1m }),
    goals: [
      { figure: 'cpuUs', against: 'same-answers', atMost: 1.5 },
      { figure: 'seconds', against: 'same-answers', atMost: 1.5 },
    ],
  },
  ingest: {
    title: '5,000 symbols in one POST, 40 minutes, nobody listens',
    repeats: 2,
    columns: [
      ['POST ms p50', 'postP50Ms'],
      ['p99', 'postP99Ms'],
      ['JSON.parse ms', 'parseMs'],
      ['POST ÷ JSON.parse', 'parses'],
      ['loop held ms p50', 'heldP50Ms'],
      ['longest', 'heldMs'],
      ['CPU µs/minute bar', 'cpuUs'],
    ],
    rows: [row('ours', 'ours', () => ingest('ours', { symbols: 5000, rounds: 40 }))],
    goals: [
      { figure: 'parses', atMost: 10 },
      { figure: 'heldMs', atMost: 50 },
    ],
  },
  churn: {
    title: 'how long a client waits for its bars, while 1,000 others subscribe and leave at random',
    repeats: 2,
    columns: [
      ['quiet ms p50', 'quietP50Ms'],
      ['p99', 'quietP99Ms'],
      ['churn ms p50', 'busyP50Ms'],
      ['p99', 'busyP99Ms'],
      ['p99 ÷ quiet p99', 'worse'],
    ],
    rows: [
      row('ours', 'ours', () => churn('ours', { ...burst, wanderers: 1000 })),
      row('ours, one key each', 'ours', () => churn('ours', { ...burst, symbols: 10, keys: 1, wanderers: 1000 })),
    ],
    goals: [{ figure: 'worse', atMost: 2 }],
  },
  connections: {
    title: 'how cost grows with connections, of 10 keys each',
    repeats: 1,
    columns: GROWTH_COLUMNS,
    rows: [100, 1000, 5000, 10_000, 15_000].map((clients) => growthRow(`${clients} connections`, { clients, symbols: 20, keys: 10, periods: only1m, rounds: Math.max(20, 20_000 / clients) })),
    goals: [],
  },
  keys: {
    title: 'how cost grows with keys, of 100 connections',
    repeats: 1,
    columns: GROWTH_COLUMNS,
    rows: [10, 100, 1000, 10_000].map((keys) => growthRow(`${keys} keys each`, { clients: 100, symbols: keys, keys, periods: only1m, rounds: Math.max(5, 2000 / keys) })),
    goals: [],
  },
  storm: {
    title: '5,000 clients of 10 keys each drop, miss 5 minutes and come back with `since`',
    repeats: 2,
    columns: [
      ['first: seconds', 'firstSeconds'],
      ['CPU µs/client', 'firstCpuUs'],
      ['back: seconds', 'backSeconds'],
      ['CPU µs/client', 'backCpuUs'],
      ['bars replayed', 'replayed'],
      ['time ratio', 'timeRatio'],
      ['CPU ratio', 'cpuRatio'],
    ],
    rows: [row('ours', 'ours', () => storm('ours', { clients: 5000, symbols: 500, keys: 10, periods: only1m, missed: 5 }))],
    goals: [],
  },
}

function row (label, server, measure, clients = 0) {
  return { label, server, measure, files: clients + SPARE_FILES }
}

function fanOutRows (load) {
  return FAN_OUT_SERVERS.map((server) => row(server, server, () => fanOut(server, load), load.clients))
}

function connectingRows (servers, load) {
  return servers.map((server) => row(server, server, () => connecting(server, load), load.clients))
}

function growthRow (label, load) {
  return row(label, 'ours', () => fanOut('ours', load), load.clients)
}
