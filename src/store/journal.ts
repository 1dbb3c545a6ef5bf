import type { Entry } from './store.ts'

/**
 * How entries are written down: one after another, little-endian,
 *
 *   kind u8 (1: minute bar) · has u8 (1 turnover, 2 trades, 4 openInterest) · length u8 · symbol · doubles
 *
 * with the doubles time, open, high, low, close, volume, and those of the optional fields that it has.
 */
const MINUTE_BAR = 1
const HEAD = 3
const OPTIONAL = ['turnover', 'trades', 'openInterest'] as const

export function encodeEntries (entries: readonly Entry[]): Buffer {
  let length = 0
  for (const { symbol } of entries) length += HEAD + symbol.length + (6 + OPTIONAL.length) * 8
  const bytes = Buffer.allocUnsafe(length)
  let at = 0
  for (const entry of entries) {
    const head = at
    let has = 0
    bytes[head] = MINUTE_BAR
    bytes[head + 2] = entry.symbol.length
    at += HEAD
    at += bytes.write(entry.symbol, at, 'latin1')
    at = bytes.writeDoubleLE(entry.time, at)
    at = bytes.writeDoubleLE(entry.open, at)
    at = bytes.writeDoubleLE(entry.high, at)
    at = bytes.writeDoubleLE(entry.low, at)
    at = bytes.writeDoubleLE(entry.close, at)
    at = bytes.writeDoubleLE(entry.volume, at)
    for (let bit = 0; bit < OPTIONAL.length; bit++) {
      const value = entry[OPTIONAL[bit]]
      if (value === undefined) continue
      has |= 1 << bit
      at = bytes.writeDoubleLE(value, at)
    }
    bytes[head + 1] = has
  }
  return bytes.subarray(0, at)
}

export function decodeEntries (bytes: Buffer): Entry[] {
  const entries: Entry[] = []
  let at = 0
  const double = (): number => {
    at += 8
    return bytes.readDoubleLE(at - 8)
  }
  while (at < bytes.length) {
    const [, has, length] = bytes.subarray(at, at + HEAD)
    const symbol = bytes.toString('latin1', at + HEAD, at + HEAD + length)
    at += HEAD + length
    const entry: Entry = { symbol, time: double(), open: double(), high: double(), low: double(), close: double(), volume: double() }
    for (let bit = 0; bit < OPTIONAL.length; bit++) if (has & 1 << bit) entry[OPTIONAL[bit]] = double()
    entries.push(entry)
  }
  return entries
}
