/** Says in one line why the program ends, which it then does with 1. */
export function fail (err: Error): void {
  process.stderr.write(`kline-push: ${err.message}\n`)
  process.exitCode = 1
}
