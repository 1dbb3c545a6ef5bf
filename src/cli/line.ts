import type { Bar } from '../market/bar.ts'

/** A bar for people: `2026-01-05 00:14Z  rb2601.1m  O 3120  H 3121  L 3119  C 3120  V 12  closed`. */
export function barLine (key: string, { time, open, high, low, close, volume, closed, revision }: Bar): string {
  const state = revision > 0 ? `revision ${revision}` : closed ? 'closed' : 'open'
  return `${minuteText(time)}  ${key.padEnd(12)}  O ${pad(open)}  H ${pad(high)}  L ${pad(low)}  C ${pad(close)}  V ${pad(volume)}  ${state}`
}

function minuteText (time: number): string {
  return new Date(time).toISOString().replace('T', ' ').replace(/:\d\d\.\d+Z$/, 'Z')
}

function pad (value: number): string {
  return String(value).padEnd(8)
}
