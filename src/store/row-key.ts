import { type Period, PERIODS } from '../market/period.ts'

/** What rows are clustered by: symbol, zero, place of the period in `PERIODS`, and a whole number in 6 bytes. */
export function rowKey (symbol: string, period: Period, number: number): Buffer {
  const key = Buffer.allocUnsafe(symbol.length + 8)
  key.write(symbol, 'latin1')
  key[symbol.length] = 0
  key[symbol.length + 1] = PERIODS.indexOf(period)
  key.writeUIntBE(number, symbol.length + 2, 6)
  return key
}
