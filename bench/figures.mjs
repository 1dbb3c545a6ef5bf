/** The value below which a share of all lies. */
export function quantile (values, share) {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
}

export function median (values) {
  return quantile(values, 0.5)
}

/** Of several runs with the same figures, the median of each figure. */
export function medians (runs) {
  return Object.fromEntries(Object.keys(runs[0]).map((name) => [name, median(runs.map((run) => run[name]))]))
}
