import { Agent, request } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'

const agent = new Agent({ keepAlive: true, maxSockets: 1 })
/** Between the halves of a body, so that whoever is killed while it posts may be killed in the middle of it. */
const HALVES_MS = 3
const TIMEOUT_MS = 60_000

/** POSTs to the server on `port`; its status and what it answered. Throws when no answer came. */
export async function post (port, path, body) {
  const bytes = Buffer.from(JSON.stringify(body))
  const half = bytes.length >> 1
  const { promise, resolve, reject } = deferred()
  const posting = request({ agent, host: '127.0.0.1', port, path, method: 'POST', timeout: TIMEOUT_MS, headers: { 'content-type': 'application/json', 'content-length': bytes.length } })
  posting.on('error', reject)
  posting.on('timeout', () => { posting.destroy(new Error(`no answer for ${TIMEOUT_MS} ms`)) })
  posting.on('response', (response) => {
    const chunks = []
    response.on('data', (chunk) => { chunks.push(chunk) })
    response.on('error', reject)
    response.on('end', () => { resolve({ status: response.statusCode, text: Buffer.concat(chunks).toString() }) })
  })
  posting.write(bytes.subarray(0, half))
  await Promise.race([pause(HALVES_MS), promise])
  posting.end(bytes.subarray(half))
  const { status, text } = await promise
  return { status, answer: status === 200 ? JSON.parse(text) : text }
}

function deferred () {
  const parts = {}
  parts.promise = new Promise((resolve, reject) => { Object.assign(parts, { resolve, reject }) })
  return parts
}
