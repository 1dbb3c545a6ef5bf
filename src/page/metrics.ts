/** `GET /metrics` as JSON. */
export interface Metric {
  readonly name: string
  readonly values: readonly { readonly value: number, readonly labels?: Readonly<Record<string, string | number>>, readonly metricName?: string }[]
}

/** What was read at a time, milliseconds. */
export interface Sample { readonly at: number, readonly metrics: readonly Metric[] }

/** The sum of a metric, of those of its values that have these labels; undefined if the server has none such. */
export function valueOf ({ metrics }: Sample, name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
  const metric = metrics.find((metric) => metric.name === name)
  return metric?.values
    .filter((sample) => Object.entries(labels).every(([label, value]) => String(sample.labels?.[label]) === value))
    .reduce((sum, { value }) => sum + value, 0)
}

/** How fast a counter grows, in a minute; undefined: there is nothing yet to compare with. */
export function perMinute (from: Sample, to: Sample, name: string, labels?: Readonly<Record<string, string>>): number | undefined {
  const minutes = (to.at - from.at) / 60_000
  const grown = (valueOf(to, name, labels) ?? 0) - (valueOf(from, name, labels) ?? 0)
  return minutes > 0 && grown >= 0 ? grown / minutes : undefined
}

/**
 * Below what a share of the durations between two samples is, seconds: in its bucket they count as evenly spread, as
 * Prometheus's `histogram_quantile` has it. Undefined: there were none. Infinity: past the last bound.
 */
export function quantileBetween (from: Sample | undefined, to: Sample, name: string, share: number): number | undefined {
  const before = bucketsOf(from, name)
  const buckets = [...bucketsOf(to, name)].map(([bound, count]) => ({ bound, count: count - (before.get(bound) ?? 0) }))
  const wanted = share * (buckets.at(-1)?.count ?? 0)
  if (!(wanted > 0)) return undefined
  const place = buckets.findIndex(({ count }) => count >= wanted)
  const { bound, count } = buckets[place]
  const below = buckets[place - 1] ?? { bound: 0, count: 0 }
  return bound === Infinity ? Infinity : below.bound + (bound - below.bound) * (wanted - below.count) / (count - below.count)
}

/** How many durations were at most so long; ascending. */
function bucketsOf (sample: Sample | undefined, name: string): Map<number, number> {
  const values = sample?.metrics.find((metric) => metric.name === name)?.values ?? []
  const buckets = new Map<number, number>()
  for (const { value, labels, metricName } of values) {
    if (metricName !== `${name}_bucket`) continue
    const bound = labels?.le === '+Inf' ? Infinity : Number(labels?.le)
    buckets.set(bound, (buckets.get(bound) ?? 0) + value)
  }
  return new Map([...buckets].sort(([a], [b]) => a - b))
}
