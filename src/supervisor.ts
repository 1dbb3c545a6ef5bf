import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import type { FastifyBaseLogger } from 'fastify'
import { onInterrupt } from './cli/interrupt.ts'
import { pauseUntil } from './cli/pause.ts'
import { passOn, type SupervisorLine } from './team/roll-call.ts'

/** The owner keeps the bars and takes new ones; followers show the same ones to more subscribers. */
export type Role = 'owner' | 'follower'

// Workers take connections by themselves: one on its way to a worker that dies would be nobody's.
cluster.schedulingPolicy = cluster.SCHED_NONE

const ROLE = 'KLINE_PUSH_ROLE'
/** How long until the next worker takes the place of one that died. */
const RESTART_MS = 500
/** A worker has 10 s to say goodbye; one that takes longer is no longer listened to. */
const HUNG_MS = 15_000

/** What this process is to be; undefined: it is nobody's worker. */
export function roleOf ({ env }: Pick<NodeJS.Process, 'env'>): Role | undefined {
  return cluster.isWorker ? env[ROLE] as Role | undefined : undefined
}

/** How a worker hears of the others. */
export const supervisorLine: SupervisorLine = {
  send (message) { process.send?.(message, undefined, undefined, () => {}) }, // it may be gone
  listen (hear) { process.on('message', hear) },
}

/**
 * Runs the program again as one owner and else followers, which share its port, and puts new ones in the place of
 * those that die. Ends when it is told to and all are gone, the owner last, or when one can't even start.
 */
export async function supervise (workers: number, log: FastifyBaseLogger): Promise<void> {
  const failed = new AbortController()
  const ownerStop = new AbortController()
  const stop = AbortSignal.any([onInterrupt(), failed.signal])

  cluster.on('message', (from, message) => { passOn(message, { from, members: Object.values(cluster.workers as Record<string, Worker>) }) })

  /** One worker after the other until told to stop; `onReady` when the first listens, or has failed to. */
  async function keep (role: Role, own: AbortSignal, onReady: () => void = () => {}): Promise<void> {
    let listened = false
    while (!stop.aborted) {
      const worker = cluster.fork({ [ROLE]: role })
      const { pid } = worker.process
      let force: NodeJS.Timeout | undefined
      const end = (): void => {
        worker.process.kill('SIGTERM')
        force = setTimeout(() => { worker.process.kill('SIGKILL') }, HUNG_MS)
      }
      own.addEventListener('abort', end, { once: true })
      worker.once('listening', () => {
        listened = true
        log.info({ worker: pid, role }, 'a worker listens')
        onReady()
      })
      const [code, signal] = await once(worker, 'exit')
      clearTimeout(force)
      own.removeEventListener('abort', end)
      if (stop.aborted) break
      log.warn({ worker: pid, role, code, signal }, 'a worker died')
      if (!listened && signal === null) failed.abort() // by itself, and so would the next
      await pauseUntil(performance.now() + RESTART_MS, stop)
    }
    onReady()
  }

  let owner: Promise<void> | undefined
  await new Promise<void>((resolve) => { owner = keep('owner', ownerStop.signal, resolve) })
  await Promise.all(Array.from({ length: workers - 1 }, async () => { await keep('follower', stop) }))
  ownerStop.abort()
  await owner
  if (failed.signal.aborted) process.exitCode = 1
}
