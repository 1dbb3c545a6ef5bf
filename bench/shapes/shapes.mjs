import { fanOut } from './fan-out.mjs'

const FAN_OUT_SERVERS = ['ours', 'floor (C)', 'floor (Node)', 'uws', 'ws', 'fastify-websocket', 'socket.io']
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

function fanOutRows (shape) {
  return FAN_OUT_SERVERS.map((server) => ({ label: server, server, measure: () => fanOut(server, { periods: ['1m'], ...shape }) }))
}

const burst = { clients: 1000, symbols: 500, keys: 50, rounds: 20 }

/**
 * What is measured, in order. A row is one server under one load; a goal is what a figure of ours may be at most, as
 * a multiple of the same figure of the row `against`, or as it is.
 */
export const SHAPES = {
  burst: {
    title: '1,000 clients, 500 symbols, 50 keys each, 20 minutes',
    repeats: 3,
    columns: FAN_OUT_COLUMNS,
    rows: fanOutRows(burst),
    goals: [
      { figure: 'cpuUs', against: 'floor (C)', atMost: 3 },
      { figure: 'cpuUs', against: 'uws', atMost: 1 / 4 },
      { figure: 'lastP50Ms', against: 'uws', atMost: 1 / 3 },
    ],
  },
  wide: {
    title: '5,000 clients, 1 symbol, 30 minutes',
    repeats: 3,
    columns: FAN_OUT_COLUMNS,
    rows: fanOutRows({ clients: 5000, symbols: 1, keys: 1, rounds: 30 }),
    goals: [
      { figure: 'cpuUs', against: 'floor (C)', atMost: 1.4 },
      { figure: 'cpuUs', against: 'uws', atMost: 1.2 },
    ],
  },
  bots: {
    title: '20 clients, 2,000 symbols, all of them each, 20 minutes',
    repeats: 3,
    columns: FAN_OUT_COLUMNS,
    rows: fanOutRows({ clients: 20, symbols: 2000, keys: 2000, rounds: 20 }),
    goals: [{ figure: 'cpuUs', against: 'uws', atMost: 1 / 4 }],
  },
  periods: {
    title: '1,000 clients, 500 symbols, 10 symbols in 5 periods each, 20 minutes, against the burst',
    repeats: 3,
    columns: FAN_OUT_COLUMNS,
    rows: [
      { label: 'ours', server: 'ours', measure: () => fanOut('ours', { ...burst, keys: 10, periods: ['1m', '5m', '15m', '1h', '1d'] }) },
      { label: 'ours, burst', server: 'ours', measure: () => fanOut('ours', { ...burst, periods: ['1m'] }) },
    ],
    goals: [{ figure: 'cpuUs', against: 'ours, burst', atMost: 1.3 }],
  },
}
