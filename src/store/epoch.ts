import { randomBytes } from 'node:crypto'

/** A name for new data: 64 random bits in base 36. */
export function newEpoch (): string {
  return randomBytes(8).readBigUInt64BE().toString(36)
}
