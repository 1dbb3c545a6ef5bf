import { Counter, type CounterConfiguration, Gauge, type GaugeConfiguration, Histogram, type HistogramConfiguration, type Registry } from 'prom-client'
import type { Hub } from '../src/push/hub.ts'
import type { Meter, Timings } from '../src/push/meter.ts'

/** Upper bounds in seconds: of what takes milliseconds, and of what waits for a producer. */
const FAST = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
const SLOW = [0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30, 60, 300, 600]

interface GaugeReading extends GaugeConfiguration<string> { readonly read: () => number }

/** Values with their labels. */
type Samples = Iterable<readonly [labels: Record<string, string>, value: number]>

interface CounterReading extends CounterConfiguration<string> { readonly read: () => Samples }

/** How the hub stands, which is looked up when somebody reads. Of several workers these are added up, unless an `aggregator` says otherwise. */
export function exposeHub (registry: Registry, hub: () => Hub): void {
  const gauges: GaugeReading[] = [
    { name: 'kline_push_connections', help: 'WebSockets that are open', read: () => hub().health().connections },
    { name: 'kline_push_keys', help: 'Keys that somebody listens to', read: () => hub().health().keys },
    { name: 'kline_push_symbols', help: 'Contracts that there are bars of', aggregator: 'max', read: () => hub().health().symbols },
    { name: 'kline_push_waiting_bytes', help: 'Bytes that wait for subscribers that are behind', read: () => hub().waitingBytes },
    { name: 'kline_push_workers', help: 'Processes whose numbers these are', read: () => 1 },
  ]
  for (const { read, ...gauge } of gauges) register(registry, new Gauge({ ...gauge, registers: [], collect () { this.set(read()) } }))
}

/** What has happened since the start. */
export function exposeCounts (registry: Registry, meter: Meter): void {
  const counters: CounterReading[] = [
    { name: 'kline_push_minutes_total', help: 'Minutes of producers, by the route that took them and how they fared', labelNames: ['route', 'outcome'], read: () => minutesOf(meter) },
    { name: 'kline_push_refused_posts_total', help: 'Requests of producers that were refused, by error code', labelNames: ['code'], read: () => byCode(meter.refusedPosts.entries()) },
    { name: 'kline_push_refused_requests_total', help: 'Requests and upgrades of anybody that ended in an error, by error code', labelNames: ['code'], read: () => byCode(meter.refusedRequests.entries()) },
    { name: 'kline_push_opened_connections_total', help: 'WebSockets that were opened', read: () => [[{}, meter.opened]] },
    { name: 'kline_push_closed_connections_total', help: 'WebSockets that are over, by close code; 1006: without one', labelNames: ['code'], read: () => byCode(meter.closed.entries()) },
    { name: 'kline_push_refused_frames_total', help: 'Error frames, by their code', labelNames: ['code'], read: () => byCode(meter.refusedFrames.entries()) },
    { name: 'kline_push_events_total', help: 'Bars, watermarks and resets that somebody listened to', read: () => [[{}, meter.events]] },
    { name: 'kline_push_sent_frames_total', help: 'Frames that were handed to the sockets', read: () => [[{}, meter.frames]] },
    { name: 'kline_push_sent_bytes_total', help: 'Bytes that were handed to the sockets', read: () => [[{}, meter.bytes]] },
    { name: 'kline_push_conflated_frames_total', help: 'Frames of which a newer one took the place while the subscriber was behind', read: () => [[{}, meter.conflated]] },
  ]
  for (const { read, ...counter } of counters) {
    register(registry, new Counter({
      ...counter,
      registers: [],
      collect () {
        this.reset()
        for (const [labels, value] of read()) this.inc(labels, value)
      },
    }))
  }
}

/** Where durations go. */
export function exposeTimings (registry: Registry): Timings {
  const histogram = (configuration: HistogramConfiguration<string>): Histogram => register(registry, new Histogram({ ...configuration, registers: [] }))
  return {
    minuteToAccepted: histogram({ name: 'kline_push_minute_to_accepted_seconds', help: 'From the end of a minute until bars of it were durable, which count once if they were so together, if it ended within the last 10 minutes', buckets: SLOW }),
    acceptedToWritten: histogram({ name: 'kline_push_accepted_to_written_seconds', help: 'From when minutes were durable until all of their frames were handed to the sockets', buckets: FAST }),
    commit: histogram({ name: 'kline_push_commit_seconds', help: 'From when minutes were given to the store until they were durable', buckets: FAST }),
    ingest: histogram({ name: 'kline_push_ingest_seconds', help: 'From when a request of a producer was read until it was answered', buckets: FAST }),
  }
}

function register<M extends Gauge | Counter | Histogram> (registry: Registry, metric: M): M {
  registry.registerMetric(metric)
  return metric
}

function * minutesOf ({ minutes }: Meter): Samples {
  for (const [route, counts] of Object.entries(minutes)) {
    for (const [outcome, count] of Object.entries(counts) as [string, number][]) yield [{ route, outcome }, count]
  }
}

function byCode (counts: Iterable<[code: string, count: number]>): Samples {
  return Array.from(counts, ([code, count]) => [{ code }, count] as const)
}
