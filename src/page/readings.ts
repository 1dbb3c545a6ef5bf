import { formatBytes, formatCount, formatDuration } from './format.ts'
import { perMinute, quantileBetween, type Sample, valueOf } from './metrics.ts'

/** A number for operators, and what it is. */
export interface Reading { readonly name: string, readonly text: string, readonly note: string }

const SLOW_CONSUMER = { code: '4108' }

/** How the server does, from the newest sample and one of up to a minute before, which may be the same. */
export function readingsOf (from: Sample, to: Sample): Reading[] {
  const count = (name: string, labels?: Record<string, string>): string => orNone(valueOf(to, name, labels), formatCount)
  const rate = (name: string, labels?: Record<string, string>): string => orNone(perMinute(from, to, name, labels), formatCount)
  const bytes = (name: string): string => orNone(valueOf(to, name), formatBytes)
  const silent = valueOf(to, 'kline_push_silent_workers') ?? 0
  return [
    { name: 'Connections', text: count('kline_push_connections'), note: 'WebSockets that are open' },
    { name: 'Keys', text: count('kline_push_keys'), note: 'contract and period that somebody listens to' },
    { name: 'Contracts', text: count('kline_push_symbols'), note: 'that there are bars of' },
    { name: 'Minutes per minute', text: rate('kline_push_minutes_total', { outcome: 'accepted' }), note: 'new bars from producers' },
    { name: 'Events per minute', text: rate('kline_push_events_total'), note: 'bars, watermarks and resets, each encoded once' },
    { name: 'Frames per minute', text: rate('kline_push_sent_frames_total'), note: 'to all subscribers' },
    { name: 'Delivery', ...quantiles(from, to, 'kline_push_accepted_to_written_seconds'), note: 'from durable to handed to the sockets, p50 · p99 of the last minute' },
    { name: 'Minute end to durable', ...quantiles(from, to, 'kline_push_minute_to_accepted_seconds'), note: 'by the server\'s clock, p50 · p99 of the last minute' },
    { name: 'Slow consumers', text: count('kline_push_closed_connections_total', SLOW_CONSUMER), note: `closed with 4108 since the start; ${rate('kline_push_closed_connections_total', SLOW_CONSUMER)} per minute now` },
    { name: 'Conflated frames', text: rate('kline_push_conflated_frames_total'), note: 'per minute: a newer one took their place while a subscriber was behind' },
    { name: 'Bytes waiting', text: bytes('kline_push_waiting_bytes'), note: 'for subscribers that are behind' },
    { name: 'Refused frames', text: count('kline_push_refused_frames_total'), note: 'from clients, since the start' },
    { name: 'Refused requests', text: count('kline_push_refused_requests_total'), note: 'and upgrades, those without a good token too, since the start' },
    { name: 'Memory', text: bytes('process_resident_memory_bytes'), note: 'of the processes, with pages of the data file' },
    { name: 'Event loop', text: orNone(valueOf(to, 'nodejs_eventloop_lag_p99_seconds'), formatDuration), note: 'how late it is, p99' },
    { name: 'Processes', text: count('kline_push_workers'), note: silent === 0 ? 'all have answered' : `${formatCount(silent)} did not answer, theirs is missing` },
  ]
}

function quantiles (from: Sample, to: Sample, name: string): Pick<Reading, 'text'> {
  const texts = [0.5, 0.99].map((share) => orNone(quantileBetween(from, to, name, share), (seconds) => seconds === Infinity ? 'very late' : formatDuration(seconds)))
  return { text: texts.join(' · ') }
}

function orNone (value: number | undefined, format: (value: number) => string): string {
  return value === undefined ? '–' : format(value)
}
