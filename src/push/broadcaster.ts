import type { Clock } from '../clock.ts'
import type { Bucket } from '../market/bucket.ts'
import { type Change, eachBar, type MarketEvent, type ResetEvent, type WatermarkEvent } from '../market/events.ts'
import { barText, resetText, watermarkText } from '../wire/answers.ts'
import type { BarFrame } from '../wire/frames.ts'
import type { Meter } from './meter.ts'
import type { Outbox } from './outbox.ts'
import type { Registry, Topic } from './registry.ts'
import { Resets } from './resets.ts'
import { Sheet } from './sheet.ts'

export interface BroadcasterOptions {
  readonly registry: Registry
  readonly clock: Clock
  readonly epoch: string
  readonly meter: Meter
  readonly onListenerError: (err: unknown, key: string) => void
}

interface Call { readonly key: string, readonly run: () => unknown }

/**
 * Brings a batch of events to whoever listens: each event is encoded once, if at all, and each connection gets
 * all of its frames in one write at the end.
 */
export class Broadcaster {
  readonly #options: BroadcasterOptions
  readonly #resets: Resets
  readonly #sheet = new Sheet()
  #owed: Outbox[] = []
  #calls: Call[] = []

  constructor (options: BroadcasterOptions) {
    this.#options = options
    this.#resets = new Resets(options.clock, () => { this.finish() })
  }

  send (events: readonly MarketEvent[]): void {
    const now = this.#options.clock.now()
    for (const event of events) {
      if (event.type === 'change') this.#change(event, now)
      else if (event.type === 'reset') this.#reset(event)
      else this.#watermark(event)
    }
    this.#flush(now)
  }

  /** Sends what still waits for a quiet moment. */
  finish (): void {
    for (const topic of this.#resets.takeAll()) this.#tellReset(topic)
    this.#flush(this.#options.clock.now())
  }

  #change (change: Change, now: number): void {
    const { registry } = this.#options
    if (!registry.knows(change.contract.symbol)) return
    eachBar(change, (key) => registry.topic(key), (topic, bucket) => { this.#bar(topic, bucket, now) })
  }

  #bar (topic: Topic, bucket: Bucket, now: number): void {
    const { key } = topic
    const { seq } = bucket
    if (topic.resetDue) {
      this.#resets.take(topic)
      this.#tellReset(topic)
    }
    const { everything, closedOnly } = topic
    if (seq !== 0) topic.seq = seq
    if (everything.outboxes.length > 0 || (seq !== 0 && closedOnly.outboxes.length > 0)) {
      const place = this.#add(barText(key, bucket, now), seq === 0 ? key : undefined)
      this.#push(everything.outboxes, place)
      if (seq !== 0) this.#push(closedOnly.outboxes, place)
    }
    for (const { onBar } of topic.ears) {
      const message = toMessage(key, bucket, now)
      this.#calls.push({ key, run: () => onBar(message) })
    }
  }

  #reset ({ key, seq }: ResetEvent): void {
    const topic = this.#options.registry.topic(key)
    if (topic === undefined) return
    topic.seq = topic.resetSeq = seq
    this.#resets.add(topic)
  }

  #watermark (event: WatermarkEvent): void {
    const outboxes = this.#options.registry.watchers.of(event.symbol)
    if (outboxes.length > 0) this.#push(outboxes, this.#add(watermarkText(event)))
  }

  #tellReset ({ key, resetSeq: seq, everything, closedOnly, ears }: Topic): void {
    const place = this.#add(resetText({ key, seq }, this.#options.epoch))
    this.#push(everything.outboxes, place)
    this.#push(closedOnly.outboxes, place)
    for (const { onReset } of ears) this.#calls.push({ key, run: onReset })
  }

  #add (text: string, replaceable?: string): number {
    if (!this.#sheet.hasRoomFor(text)) this.#flush(this.#options.clock.now())
    return this.#sheet.add(text, replaceable)
  }

  #push (outboxes: readonly Outbox[], place: number): void {
    for (const outbox of outboxes) if (outbox.push(this.#sheet, place)) this.#owed.push(outbox)
  }

  /** Ends the tick. Nobody is called back before all is pushed, so nothing changes under the walk. */
  #flush (now: number): void {
    const owed = this.#owed
    const calls = this.#calls
    this.#owed = []
    this.#calls = []
    let kept = false
    for (const outbox of owed) {
      outbox.quietSince = now
      if (outbox.flush(this.#sheet)) kept = true
    }
    this.#options.meter.events += this.#sheet.length
    this.#sheet.clear({ kept })
    for (const { key, run } of calls) {
      const failed = (err: unknown): void => { this.#options.onListenerError(err, key) }
      try {
        const result: unknown = run()
        if (result instanceof Promise) result.catch(failed) // a listener may well be an async function
      } catch (err) {
        failed(err)
      }
    }
  }
}

function toMessage (key: string, bucket: Bucket, ts: number): BarFrame {
  return { type: 'bar', key, ...(bucket.closed ? { seq: bucket.seq } : undefined), ts, bar: bucket.toBar() }
}
