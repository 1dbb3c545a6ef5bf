import { parseArgs } from 'node:util'
import { SABOTAGES } from './sabotage.mjs'

const NUMBERS = {
  minutes: [60, 'how long it takes'],
  connections: [5000, 'clients, beside slow readers and auditors'],
  contracts: [500, 'contracts'],
  keys: [4, 'keys of a client'],
  pace: [1, 'minutes of the market in a second'],
  churn: [20, 'clients in a second that go and come back'],
  slow: [4, 'readers that stop reading now and then'],
  auditors: [4, 'clients that keep their bars and compare them with the server\'s'],
  producers: [2, 'processes that send minutes'],
  processes: [2, 'processes that the clients are spread over, beside that of slow readers and auditors'],
  'kill-every': [15, 'seconds between kills of a producer'],
  'restart-every': [180, 'seconds between kills of the server, with --restart-server'],
  'stop-reading': [25, 'seconds that a slow reader reads nothing, at most'],
  'history-days': [2, 'days of the market that the server has when it begins, which are all that it keeps'],
  'sample-every': [30, 'seconds between samples'],
  'row-every': [5, 'minutes between rows of the table'],
  port: [21400, 'where the server listens: below the ports that the system gives to clients'],
}

export const USAGE = `node soak.mjs [--restart-server] [--out file.ndjson] [--break ${Object.keys(SABOTAGES).join('|')}] [--name n …]
${Object.entries(NUMBERS).map(([name, [fallback, what]]) => `  --${name.padEnd(14)} ${String(fallback).padStart(5)}  ${what}`).join('\n')}`

/** Undefined: help was asked for. Throws what is wrong. */
export function soakOptions (args) {
  const { values } = parseArgs({
    args,
    options: {
      ...Object.fromEntries(Object.keys(NUMBERS).map((name) => [name, { type: 'string' }])),
      'restart-server': { type: 'boolean', default: false },
      out: { type: 'string', default: `soak-${new Date().toISOString().slice(0, 16).replace(':', '')}.ndjson` },
      break: { type: 'string' },
      help: { type: 'boolean' },
    },
  })
  if (values.help) return undefined
  if (values.break !== undefined && !Object.hasOwn(SABOTAGES, values.break)) throw new Error(`Expected --break to be one of ${Object.keys(SABOTAGES).join(' ')}, got \`${values.break}\``)
  const options = { out: values.out, restartServer: values['restart-server'], break: values.break }
  for (const [name, [fallback]] of Object.entries(NUMBERS)) {
    const text = values[name] ?? String(fallback)
    if (!/^\d+(\.\d+)?$/.test(text) || Number(text) === 0) throw new Error(`Expected --${name} to be a number above 0, got \`${text}\``)
    options[name.replace(/-(.)/, (_, letter) => letter.toUpperCase())] = Number(text)
  }
  return options
}
