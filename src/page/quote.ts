import type { Bar } from '../client/index.ts'

/** The newest price, and how far it is from the close of the bar before, as a fraction. */
export interface Quote {
  readonly close: number
  /** Undefined: a price that is not above zero has no fractions. */
  readonly change: number | undefined
}

/** The period whose bars changes are against: a day, or the longest below that is offered. */
export function quotePeriod (periods: readonly string[]): string {
  const { length } = periods
  const day = periods.indexOf('1d')
  if (day >= 0) return '1d'
  const longer = periods.findIndex((period) => /[dwM]$/.test(period))
  return periods[Math.max(0, (longer < 0 ? length : longer) - 1)]
}

/** From the last two bars; of a single one the change is from its open. */
export function quoteOf (bars: readonly Bar[]): Quote | undefined {
  const last = bars.at(-1)
  if (last === undefined) return undefined
  const { close: before } = bars.at(-2) ?? { close: last.open }
  return { close: last.close, change: before > 0 ? last.close / before - 1 : undefined }
}
