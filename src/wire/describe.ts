const LONGEST = 80

/** A value as evidence in an error message: `"1.5"` (string). */
export function describe (value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return '`null`'
  let text: string
  try {
    text = typeof value === 'number' ? String(value) : JSON.stringify(value) ?? String(value)
  } catch {
    // A BigInt, a circle, or nested deeper than the stack: not JSON, but it has to be named all the same.
    text = typeof value === 'object' ? '…' : String(value)
  }
  return `\`${text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text}\` (${Array.isArray(value) ? 'array' : typeof value})`
}
