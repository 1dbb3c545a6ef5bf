/** Every period there is, shortest first, by Binance's names: `m` is a minute, `M` a month. */
export const PERIODS = ['1m', '3m', '5m', '15m', '30m', '1h', '2h', '4h', '6h', '8h', '12h', '1d', '3d', '1w', '1M'] as const

export type Period = (typeof PERIODS)[number]

/** Milliseconds in a minute, the one step in which bars arrive. */
export const MINUTE = 60_000

/** The last minute that a JavaScript date can hold, in UTC milliseconds. */
export const LAST_MINUTE = 8.64e15

export function isPeriod (text: string): text is Period {
  return (PERIODS as readonly string[]).includes(text)
}
