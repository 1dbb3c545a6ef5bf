import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compiled } from './machine/compiled.mjs'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const node = (path) => [process.execPath, here(path)]

/** The built server; another build than the project's own can be named. */
export const OURS = resolve(process.env.BENCH_SERVER ?? here('../dist/src/server.js'))

// With how many frames a subscription to so many keys is answered.
const ackAndSnapshots = (keys) => 1 + keys
const oneAck = () => 1

/** What is measured. Each is started with `PORT` and listens on it. One without a command can't run here. */
export const SERVERS = {
  ours: { command: [process.execPath, OURS], dialect: 'plain', answers: ackAndSnapshots },
  'ours-deflate': { command: [process.execPath, OURS], env: { DEFLATE: 'on' }, dialect: 'deflated', answers: ackAndSnapshots },
  'ours-1-worker': { command: [process.execPath, OURS], spread: true, dialect: 'plain', answers: ackAndSnapshots },
  'ours-2-workers': { command: [process.execPath, OURS], env: { WORKERS: '2' }, workers: 2, spread: true, dialect: 'plain', answers: ackAndSnapshots },
  'floor-c': { get command () { return compiledOnce(here('peers/floor.c')) }, dialect: 'plain', answers: oneAck },
  'floor-node': { command: node('peers/floor.mjs'), dialect: 'plain', answers: oneAck },
  uws: { command: node('peers/uws.cjs'), dialect: 'plain', answers: oneAck },
  ws: { command: node('peers/ws.mjs'), dialect: 'plain', answers: oneAck },
  'fastify-websocket': { command: node('peers/fastify-websocket.mjs'), dialect: 'plain', answers: oneAck },
  'same-answers': { command: node('peers/same-answers.mjs'), dialect: 'plain', answers: ackAndSnapshots },
  'socket.io': { command: node('peers/socket.io.mjs'), dialect: 'socket.io', answers: oneAck },
}

const commands = new Map()

function compiledOnce (source) {
  if (!commands.has(source)) {
    const program = compiled(source)
    commands.set(source, program === undefined ? undefined : [program])
  }
  return commands.get(source)
}
