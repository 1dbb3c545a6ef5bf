import { fileURLToPath } from 'node:url'
import { compiled } from './machine/compiled.mjs'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const node = (path) => [process.execPath, here(path)]

/** A peer answers a subscription with one frame. */
const oneAck = () => 1

/**
 * What is measured. Each is started with `PORT` and listens on it; `answers` says with how many frames it answers a
 * subscription to so many keys. A server without a command can't run here.
 */
export const SERVERS = {
  ours: { command: node(process.env.BENCH_SERVER ?? '../dist/src/server.js'), dialect: 'plain', answers: (keys) => 1 + keys },
  'floor (C)': { get command () { return compiledOnce(here('peers/floor.c')) }, dialect: 'plain', answers: oneAck },
  'floor (Node)': { command: node('peers/floor.mjs'), dialect: 'plain', answers: oneAck },
  uws: { command: node('peers/uws.cjs'), dialect: 'plain', answers: oneAck },
  ws: { command: node('peers/ws.mjs'), dialect: 'plain', answers: oneAck },
  'fastify-websocket': { command: node('peers/fastify-websocket.mjs'), dialect: 'plain', answers: oneAck },
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
