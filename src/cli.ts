#!/usr/bin/env node
import { Command, Option } from 'commander'
import { createRequire } from 'node:module'
import { decimal, integer } from './cli/arguments.ts'
import { backup } from './cli/backup.ts'
import { check } from './cli/check.ts'
import { demo } from './cli/demo.ts'
import { exportMinutes } from './cli/export.ts'
import { fail } from './cli/fail.ts'
import { importFile } from './cli/import.ts'
import { onInterruptOrSilence } from './cli/interrupt.ts'
import { repair } from './cli/repair.ts'
import { replay } from './cli/replay.ts'
import type { Totals } from './cli/sender.ts'
import { watch } from './cli/watch.ts'
import { serveUntilStopped } from './serve.ts'
import { serverSettings } from './settings.ts'

const { stdout: out, stderr: err, env } = process
const { version } = createRequire(import.meta.url)('kline-push/package.json') as { version: string }
const program = new Command('kline-push').version(version).description('Pushes K-lines to WebSocket subscribers the moment a minute is complete')

program.command('serve')
  .description('run the server; the flags override the environment (HOST, PORT, DATA_DIR, …)')
  .option('--host <address>', 'address to listen on (127.0.0.1)')
  .option('--port <number>', 'port to listen on (3000)')
  .option('--data-dir <path>', 'where bars are kept (./data)')
  .option('--workers <number>', 'how many processes share the port; one of them keeps the bars (1)')
  .option('--log-level <level>', 'fatal, error, warn, info, debug, trace or silent (info)')
  .option('--warm-up <on|off>', 'whether to run the code in before it listens, which takes a third of a second (on)')
  .option('--deflate <on|off>', 'whether clients that offer it get compressed frames (off)')
  .option('--close-grace-ms <number>', 'how long after the end of a minute the clock closes bars; off: never (5000)')
  .option('--keep-events <number>', 'durable events of each key that are kept for those who come back (10000)')
  .option('--retain-days <list>', 'for how long bars are kept, such as 1m=90,1h=730 (all for ever)')
  .action(async (flags: Record<string, string>) => {
    // --data-dir is DATA_DIR
    const given = Object.entries(flags).map(([name, value]) => [name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase(), value])
    await serveUntilStopped(serverSettings({ ...env, ...Object.fromEntries(given) }))
  })

program.command('demo')
  .description('run a server with a simulated market, and print what it pushes')
  .option('--host <address>', 'address to listen on', '127.0.0.1')
  .option('--port <number>', 'port to listen on', integer(0, 65_535), 3000)
  .option('--data-dir <path>', 'where bars are kept (a directory that goes with the demo)')
  .option('--contracts <number>', 'how many contracts are simulated', integer(1, 5000), 20)
  .option('--pace <number>', 'simulated minutes per second', decimal(0.01, 1000), 2)
  .action(async (options: { host: string, port: number, dataDir?: string, contracts: number, pace: number }) => {
    await demo({ ...options, out, err, signal: onInterruptOrSilence() })
  })

program.command('replay')
  .description('send a CSV (or NDJSON) file with the columns symbol,time,open,high,low,close,volume to a server')
  .argument('<file>', 'CSV; NDJSON if the name ends with .ndjson or .jsonl')
  .option('--speed <number>', 'minutes of market time per second; 0: as fast as possible', decimal(0, 1e6), 0)
  .option('--to <url>', 'where the server is', 'http://127.0.0.1:3000')
  .action(async (file: string, options: { speed: number, to: string }) => {
    const signal = onInterruptOrSilence()
    process.exitCode = exitCode(signal, await replay({ ...options, file, out, err, fetch, signal }))
  })

program.command('import')
  .description('fill the store of a server with a CSV or NDJSON file of old minutes, without pushing them')
  .argument('<file>', 'CSV as for replay; NDJSON if the name ends with .ndjson or .jsonl')
  .option('--to <url>', 'where the server is', 'http://127.0.0.1:3000')
  .action(async (file: string, options: { to: string }) => {
    const signal = onInterruptOrSilence()
    process.exitCode = exitCode(signal, await importFile({ ...options, file, out, err, fetch, signal }))
  })

program.command('watch')
  .description('print the bars of keys such as rb2601.1m, as they come')
  .argument('<key...>', 'contract.period')
  .option('--url <url>', 'the WebSocket of the server', 'ws://127.0.0.1:3000/ws')
  .action(async (keys: string[], { url }: { url: string }) => {
    await watch({ keys, url, out, err, signal: onInterruptOrSilence() })
  })

program.command('check')
  .description('look whether a data directory is sound, also while a server has it; ends with 1 if it is not')
  .addOption(dataDirOption())
  .action(async ({ dataDir }: { dataDir: string }) => {
    process.exitCode = await check({ dataDir, out }) > 0 ? 1 : 0
  })

program.command('export')
  .description('write all one-minute bars of a data directory as NDJSON, which import takes, as far as they can be read')
  .addOption(dataDirOption())
  .option('--to <file>', 'a new file, such as bars.ndjson (standard output)')
  .action(async (options: { dataDir: string, to?: string }) => {
    const signal = onInterruptOrSilence()
    try {
      process.exitCode = await exportMinutes({ ...options, out, err, signal }) > 0 ? 1 : 0
    } catch (reason) {
      if (!signal.aborted) throw reason
      process.exitCode = 130
    }
  })

program.command('repair')
  .description('put what can be read of a damaged data directory into a new file, and keep the old one under another name')
  .addOption(dataDirOption())
  .action(async ({ dataDir }: { dataDir: string }) => {
    await repair({ dataDir, out })
  })

program.command('backup')
  .description('copy a data directory, also while a server has it; a server can be started on the copy')
  .argument('<dir>', 'a directory that is new or empty')
  .addOption(dataDirOption())
  .action(async (to: string, { dataDir }: { dataDir: string }) => {
    await backup({ dataDir, to, out })
  })

await program.parseAsync().catch(fail)

function dataDirOption (): Option {
  return new Option('--data-dir <path>', 'where bars are kept').env('DATA_DIR').default('./data')
}

function exitCode ({ aborted }: AbortSignal, { bad }: Totals): number {
  if (aborted) return 130
  return bad > 0 ? 1 : 0
}
