/**
 * Sums that are exact in decimal: 1,440 × 0.1 is 144, in any order.
 *
 * A double stands for the shortest decimal that reads back as it (what `String` prints). While a sum has at most
 * 15 digits a double holds it without loss, and `addExact` adds two of them with integer arithmetic. Longer sums
 * are carried as `Decimal` and rounded once, for show.
 */
export interface Decimal { readonly digits: bigint, readonly scale: number }

const EXACT = 1e15 // up to here every integer is a double, and every 15-digit decimal has a double of its own
const POWERS = Float64Array.from({ length: 23 }, (_, n) => Number(`1e${n}`)) // the powers of ten that doubles hold exactly

/** How many decimals a double has; one past the last power where it has too many digits to tell. */
export function scaleOf (value: number): number {
  let scale = 0
  while (scale < POWERS.length && Math.round(value * POWERS[scale]) / POWERS[scale] !== value) scale++
  return scale
}

/** `a + b` in decimal, or Infinity when it has more than 15 digits. Both finite; `from` is at most the scale of either. */
export function addExact (a: number, b: number, from = 0): number {
  for (let scale = from; scale < POWERS.length; scale++) {
    const power = POWERS[scale]
    const x = Math.round(a * power)
    const y = Math.round(b * power)
    if (x > EXACT || x < -EXACT || y > EXACT || y < -EXACT) return Infinity
    if (x / power !== a || y / power !== b) continue
    const sum = x + y
    return sum > EXACT || sum < -EXACT ? Infinity : sum / power
  }
  return Infinity
}

/** The decimal that a finite double stands for. */
export function toDecimal (value: number): Decimal {
  const [mantissa, exponent = '0'] = String(value).split('e')
  const [whole, fraction = ''] = mantissa.split('.')
  const scale = fraction.length - Number(exponent)
  const digits = BigInt(whole + fraction)
  return scale < 0 ? { digits: digits * 10n ** BigInt(-scale), scale: 0 } : { digits, scale }
}

export function addDecimal (a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale)
  return { digits: rescale(a, scale) + rescale(b, scale), scale }
}

/** The nearest double; a sum past the largest double stays at the largest, so that it remains a JSON number. */
export function toNumber ({ digits, scale }: Decimal): number {
  const value = Number(`${digits}e${-scale}`)
  return Math.min(Math.max(value, -Number.MAX_VALUE), Number.MAX_VALUE)
}

/** `digits` `e` `-scale`, which `parseDecimal` reads back unchanged. */
export function formatDecimal ({ digits, scale }: Decimal): string {
  return `${digits}e-${scale}`
}

export function parseDecimal (text: string): Decimal {
  const [digits, scale] = text.split('e-')
  return { digits: BigInt(digits), scale: Number(scale) }
}

function rescale ({ digits, scale }: Decimal, to: number): bigint {
  return digits * 10n ** BigInt(to - scale)
}
