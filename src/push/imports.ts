import type { MinuteBar } from '../market/bar.ts'
import type { Import } from '../store/entry.ts'

/** So many minutes of an import are rolled up in one step, which must not hold the event loop for long. */
const IMPORT_STEP = 1000

/** Old minutes as entries of one contract each. */
export function importsOf (minutes: readonly MinuteBar[]): Import[] {
  const bySymbol = new Map<string, MinuteBar[]>()
  for (const minute of minutes) {
    const group = bySymbol.get(minute.symbol)
    if (group === undefined) bySymbol.set(minute.symbol, [minute])
    else group.push(minute)
  }
  const imports: Import[] = []
  for (const [symbol, group] of bySymbol) {
    for (let i = 0; i < group.length; i += IMPORT_STEP) imports.push({ kind: 'import', symbol, minutes: group.slice(i, i + IMPORT_STEP) })
  }
  return imports
}
