/** The digits after the point that a number needs: 2 of 3.25, 7 of 1e-7. */
export function decimalsOf (value: number): number {
  const [digits, exponent = '0'] = String(value).split('e')
  return Math.max(0, (digits.split('.')[1] ?? '').length - Number(exponent))
}

export function formatPrice (price: number, decimals: number): string {
  return price.toFixed(Math.min(decimals, 100))
}

/** A fraction in percent, with its sign: `+1.25 %`. */
export function formatChange (fraction: number): string {
  const percent = (100 * fraction).toFixed(2)
  return `${Number(percent) > 0 ? '+' : ''}${Number(percent) === 0 ? '0.00' : percent} %`
}

/** Volumes may be tiny, and may be astronomic. */
export function formatCount (count: number): string {
  if (count >= 1e15) return count.toExponential(3)
  return count.toLocaleString('en', count < 1 ? { maximumSignificantDigits: 4 } : { maximumFractionDigits: count < 1000 ? 3 : 0 })
}

export function formatBytes (bytes: number): string {
  return bytes < 1024 * 1024 ? `${formatCount(bytes / 1024)} KiB` : `${formatCount(bytes / 1024 / 1024)} MiB`
}

/** An open time, UTC: with its minute, or of a period of days and more the day alone. */
export function formatTime (time: number, period: string): string {
  const text = new Date(time).toISOString().replace('T', ' ')
  return isIntraday(period) ? text.slice(0, -8) : text.slice(0, -14)
}

export function isIntraday (period: string): boolean {
  return /[mh]$/.test(period)
}

/** How long after the end of a minute something was; of a simulated market it may be before. */
export function formatDelay (ms: number): string {
  if (ms < -1000) return `${formatDuration(-ms / 1000)} ahead`
  return formatDuration(Math.max(0, ms) / 1000)
}

export function formatDuration (seconds: number): string {
  if (seconds < 1) return `${Number((1000 * seconds).toPrecision(2))} ms`
  if (seconds < 120) return `${seconds.toFixed(1)} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  return `${Math.round(seconds / 3600)} h`
}
