import type { BarEvent } from '../market/events.ts'
import { barFrame, type BarFrame } from '../wire/answers.ts'
import type { Outbox } from './outbox.ts'
import type { Listener, Registry } from './registry.ts'

export interface BroadcastOptions {
  readonly registry: Registry
  /** UTC milliseconds. */
  readonly now: number
  readonly onListenerError: (err: unknown, key: string) => void
}

/**
 * Brings a batch of events to whoever listens: each event is encoded once, if at all, and each connection gets
 * all of its frames in one write at the end.
 */
export function broadcast (events: readonly (BarEvent | undefined)[], { registry, now, onListenerError }: BroadcastOptions): void {
  const owed: Outbox[] = []
  const calls: { listener: Listener, message: BarFrame }[] = []
  for (const event of events) {
    const topic = event === undefined ? undefined : registry.topic(event.key)
    if (event === undefined || topic === undefined) continue
    const frame = barFrame(event, now)
    for (const outbox of topic.everything.outboxes) if (outbox.push(frame)) owed.push(outbox)
    if (event.seq !== 0) for (const outbox of topic.closedOnly.outboxes) if (outbox.push(frame)) owed.push(outbox)
    for (const listener of topic.listeners) calls.push({ listener, message: toMessage(event, now) })
  }
  for (const outbox of owed) {
    outbox.quietSince = now
    outbox.flush()
  }
  for (const { listener, message } of calls) {
    try {
      listener(message)
    } catch (err) {
      onListenerError(err, message.key)
    }
  }
}

function toMessage ({ key, seq, bucket }: BarEvent, ts: number): BarFrame {
  return { type: 'bar', key, ...(seq === 0 ? undefined : { seq }), ts, bar: bucket.toBar() }
}
