import type { Clock } from '../clock.ts'
import { CLOSE_CODES } from '../errors.ts'
import type { Connection } from './connection.ts'

export interface PulseOptions {
  readonly clock: Clock
  readonly connections: Iterable<Connection>
  /** A connection that had neither data nor a subscription action for so long gets a heartbeat. */
  readonly heartbeatMs: number
  /** Less than `pongTimeoutMs`, or every peer would be found dead. */
  readonly pingEveryMs: number
  readonly pongTimeoutMs: number
}

/** One timer for all connections: tells the quiet ones that they are still connected, finds the dead, and ends those whose word no longer holds. */
export function startPulse ({ clock, connections, heartbeatMs, pingEveryMs, pongTimeoutMs }: PulseOptions): () => void {
  const tickMs = Math.min(1000, Math.max(10, Math.floor(Math.min(heartbeatMs, pingEveryMs) / 10)))
  const longestGap = Math.max(pongTimeoutMs - pingEveryMs, 5 * tickMs)
  let lastTick = clock.now()
  return clock.every(tickMs, () => {
    const now = clock.now()
    const gap = now - lastTick
    lastTick = now
    // The process was stopped, or the clock was set: a time in which nobody was asked and nobody could answer.
    const isBroken = gap < 0 || gap > longestGap
    for (const connection of connections) {
      if (isBroken) connection.forgive(now, Math.max(0, gap - tickMs))
      if (now >= connection.deadline) {
        connection.expire()
        continue
      }
      if (now - connection.lastPong >= pongTimeoutMs) {
        connection.close(CLOSE_CODES.noPong)
        connection.terminate()
        continue
      }
      if (now - connection.lastPing >= pingEveryMs) connection.ping(now)
      if (now - connection.outbox.quietSince >= heartbeatMs) connection.beat(now)
    }
  })
}
