import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { openSync, closeSync, rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { KlineError } from '../errors.ts'

/** A name that only one process at a time can change, by comparing and setting it in one step. */
export interface OwnerRecord {
  read (): string | undefined
  /** Sets `next` if the name is still `expected`; whether it did. */
  swap (expected: string | undefined, next: string): boolean
}

/**
 * Makes this process the only owner of a data directory until it ends, however it ends. The owner listens on a
 * socket in the directory, which the kernel closes with it; the record names the owner's socket. Where nobody
 * answers on it, the former owner is dead and its name may be replaced, and the record sees to it that only one
 * newcomer does. `onPeer` gets whoever connects.
 *
 * @returns what gives the directory back
 * @throws KLP_ERR_IN_USE
 */
export async function claim (dataDir: string, record: OwnerRecord, onPeer: (socket: Socket) => void = end): Promise<() => Promise<void>> {
  const name = `owner-${randomBytes(6).toString('hex')}`
  const directory = openSync(dataDir, 'r')
  const path = (socket: string): string => socketPath(dataDir, directory, socket)
  let server: Server | undefined
  try {
    server = await listen(path(name), onPeer)
    const former = record.read()
    const alive = former !== undefined && await answers(path(former))
    if (alive || !record.swap(former, name)) throw new KlineError('KLP_ERR_IN_USE', `The data directory \`${dataDir}\` is in use by another process`)
    if (former !== undefined) rmSync(join(dataDir, former), { force: true })
  } catch (err) {
    server?.close()
    closeSync(directory)
    throw err
  }
  return async () => {
    await new Promise((resolve) => { server.close(resolve) })
    closeSync(directory)
  }
}

/** A socket's path may have 104 bytes at most on some systems; where ours has more, Linux knows the directory by its number too. */
export function socketPath (dataDir: string, directory: number, socket: string): string {
  const path = join(dataDir, socket)
  return Buffer.byteLength(path) < 100 ? path : `/proc/self/fd/${directory}/${socket}`
}

function end (socket: Socket): void {
  socket.destroy()
}

function listen (path: string, onPeer: (socket: Socket) => void): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(onPeer)
    server.unref()
    server.once('error', reject)
    server.listen({ path, exclusive: true }, () => { resolve(server) }) // of this process, also where workers share what they listen on
  })
}

/** Connects to the owner of a data directory; throws when there is none, or it is dead. */
export async function connectToOwner (dataDir: string, record: Pick<OwnerRecord, 'read'>): Promise<Socket> {
  const name = record.read()
  if (name === undefined) throw new Error(`The data directory \`${dataDir}\` has no owner`)
  const directory = openSync(dataDir, 'r')
  const socket = connect(socketPath(dataDir, directory, name))
  try {
    await once(socket, 'connect')
  } finally {
    closeSync(directory)
  }
  return socket
}

function answers (path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => { socket.destroy(); resolve(true) })
    socket.once('error', () => { resolve(false) })
  })
}

/** Whether the owner of that name is alive. */
export async function isAlive (dataDir: string, owner: string): Promise<boolean> {
  const directory = openSync(dataDir, 'r')
  try {
    return await answers(socketPath(dataDir, directory, owner))
  } finally {
    closeSync(directory)
  }
}
