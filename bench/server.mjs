import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { ALL_CORES, launch, SERVER_CORE } from './machine/launch.mjs'
import { cpu, residentBytes } from './machine/usage.mjs'
import { SERVERS } from './servers.mjs'

const START_TIMEOUT_MS = 15_000

/** Runs `use` with a server, and ends the server and whatever `use` has asked to `end` with it. */
export async function withServer (name, options, use) {
  const server = new Server(name)
  const ends = []
  try {
    await server.start(options)
    return await use(server, (end) => { ends.push(end) })
  } finally {
    for (const end of ends) await end()
    await server.stop()
  }
}

/** One of the servers, running in a folder of its own. */
class Server {
  #child
  #folder
  #env
  #cores
  #start
  #agent = new Agent({ keepAlive: true, maxSockets: 1 })

  constructor (name) {
    const { dialect, answers, env, spread = false } = SERVERS[name]
    this.name = name
    this.dialect = dialect
    this.answers = answers
    this.#env = env
    this.#cores = spread ? ALL_CORES : SERVER_CORE
  }

  /** Resolves once it listens: on a free port, unless it is told one. */
  async start ({ nodeOptions = [], port, env, detached } = {}) {
    this.port = port ?? await freePort()
    this.#folder = mkdtempSync(join(tmpdir(), 'kline-push-bench-'))
    process.on('exit', this.#remove)
    this.#start = { nodeOptions, env, detached }
    await this.#launch()
  }

  /** Kills it, and starts it again on the same data; resolves once it listens. */
  async restart () {
    await this.#kill()
    await this.#launch()
  }

  async #launch () {
    const [program, ...args] = SERVERS[this.name].command
    const { nodeOptions, env, detached } = this.#start
    if (await reachable(this.port)) throw new Error(`port ${this.port} is taken`)
    const output = openSync(join(this.#folder, 'output'), 'a')
    this.#child = launch([program, ...nodeOptions, ...args], {
      on: this.#cores,
      cwd: this.#folder,
      detached,
      stdio: ['ignore', output, output, 'ipc'],
      // An optional add-on of ws that only some of the peers would have.
      env: { ...process.env, ...this.#env, ...env, PORT: String(this.port), DATA_DIR: this.dataDir, WS_NO_BUFFER_UTIL: '1' },
    })
    closeSync(output)
    const deadline = Date.now() + START_TIMEOUT_MS
    while (!await reachable(this.port) || !this.#complete) {
      if (this.#child.exitCode !== null || Date.now() > deadline) throw new Error(`${this.name} does not start:\n${this.output}`)
      await pause(50)
    }
  }

  /** Whether all of its workers listen. */
  get #complete () {
    const { workers = 1 } = SERVERS[this.name]
    return workers === 1 || this.output.split('a worker listens').length > workers
  }

  get pid () {
    return this.#child.pid
  }

  /** Where ours keeps its bars. */
  get dataDir () {
    return join(this.#folder, 'data')
  }

  get output () {
    return readFileSync(join(this.#folder, 'output'), 'utf8')
  }

  /** Microseconds used so far. */
  cpu () {
    return cpu(this.#child.pid)
  }

  residentBytes () {
    return residentBytes(this.#child.pid)
  }

  /** Asks the process itself; see `machine/probe.mjs`. */
  async probe (question) {
    this.#child.send(question)
    const [answer] = await once(this.#child, 'message')
    return answer
  }

  async get (path) {
    const response = await fetch(`http://127.0.0.1:${this.port}${path}`)
    return await response.json()
  }

  /** Resolves once the bars are taken. */
  async post (body) {
    const status = await new Promise((resolve, reject) => {
      const post = request({ agent: this.#agent, host: '127.0.0.1', port: this.port, path: '/bars', method: 'POST', headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } })
      post.on('error', reject)
      post.on('response', (response) => {
        response.resume()
        response.on('end', () => { resolve(response.statusCode) })
      })
      post.end(body)
    })
    if (status !== 200) throw new Error(`${this.name} answered a POST with ${status}`)
  }

  async stop () {
    this.#agent.destroy()
    await this.#kill()
    this.#remove()
    process.off('exit', this.#remove)
  }

  async #kill () {
    this.#child.kill('SIGKILL')
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit')
  }

  #remove = () => {
    this.#child.kill('SIGKILL')
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

async function freePort () {
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address()
  listener.close()
  await once(listener, 'close')
  return port
}

async function reachable (port) {
  return await new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => { resolve(false) })
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
  })
}
