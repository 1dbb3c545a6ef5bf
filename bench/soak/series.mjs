const KEEP_MS = 24 * 60 * 60_000

/** The closed bars of a client's keys as frames have told them, of the last day of the market. */
export class Series {
  #bars = new Map()

  snapshot ({ key, bars }) {
    this.#bars.set(key, new Map())
    for (const bar of bars) if (bar.closed) this.put(key, bar)
  }

  put (key, bar) {
    const bars = this.#bars.get(key)
    bars.set(bar.time, bar)
    const [oldest] = bars.keys()
    if (oldest < bar.time - KEEP_MS) bars.delete(oldest)
  }

  /** Ascending; from the first on there is none missing. */
  of (key) {
    const bars = [...this.#bars.get(key).values()].sort((a, b) => a.time - b.time)
    const newest = bars.at(-1)?.time
    return bars.filter(({ time }) => time >= newest - KEEP_MS)
  }
}

/** In what two series of bars differ; undefined: in nothing. */
export function difference (bars, others) {
  for (let i = 0; i < Math.max(bars.length, others.length); i++) {
    if (text(bars[i]) !== text(others[i])) return `${text(bars[i])} is ${text(others[i])}`
  }
  return undefined
}

function text (bar) {
  if (bar === undefined) return 'no bar'
  const { time, open, high, low, close, volume, trades, closed, revision } = bar
  return JSON.stringify({ time, open, high, low, close, volume, trades, closed, revision })
}
