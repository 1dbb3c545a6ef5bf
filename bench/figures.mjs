/** The value below which a share of all lies; NaN of none. */
export function quantile (values, share) {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN
}

export function median (values) {
  const sorted = Float64Array.from(values).sort()
  const half = sorted.length / 2
  return (sorted[Math.floor(half)] + sorted[Math.ceil(half) - 1]) / 2
}

/** Of several runs with the same figures, the median of each figure. A run that failed is a hole. */
export function medians (runs) {
  const done = runs.filter((run) => run !== undefined)
  return Object.fromEntries(Object.keys(done[0] ?? {}).map((name) => [name, median(done.map((run) => run[name]))]))
}

/** How much `y` grows with each whole `x`, by least squares; NaN for fewer than three points. */
export function slope (xs, ys) {
  if (xs.length < 3) return NaN
  const meanX = mean(xs)
  const meanY = mean(ys)
  let covariance = 0
  let variance = 0
  xs.forEach((x, i) => {
    covariance += (x - meanX) * (ys[i] - meanY)
    variance += (x - meanX) ** 2
  })
  return covariance / variance
}

function mean (values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
