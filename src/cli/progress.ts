import cliProgress from 'cli-progress'

export interface Progress {
  update (bytes: number, rows: number): void
  /** A line above the bar. */
  say (line: string): void
  stop (): void
}

/** A bar with rate and time left on a terminal; elsewhere just the lines. */
export function createProgress (err: NodeJS.WritableStream & { isTTY?: boolean }, totalBytes: number): Progress {
  if (!err.isTTY) return { update () {}, say (line) { err.write(`${line}\n`) }, stop () {} }
  const bar = new cliProgress.SingleBar({
    format: '{bar} {percentage}%  {rows} rows  {rate} rows/s  {eta_formatted} left',
    stream: err,
    etaBuffer: 100,
    forceRedraw: true,
    gracefulExit: false, // what Ctrl-C does is for the caller to say
    hideCursor: true,
  }, cliProgress.Presets.shades_classic)
  const began = performance.now()
  bar.start(totalBytes, 0, { rows: 0, rate: 0 })
  return {
    update (bytes, rows) {
      bar.update(bytes, { rows, rate: Math.round(rows * 1000 / Math.max(1, performance.now() - began)) })
    },
    say (line) { err.write(`\r\x1b[K${line}\n`) },
    stop () { bar.stop() },
  }
}
