#!/usr/bin/env node
import { Command } from 'commander'
import { decimal, integer } from './cli/arguments.ts'
import { demo } from './cli/demo.ts'
import { fail } from './cli/fail.ts'
import { onInterrupt } from './cli/interrupt.ts'
import { replay } from './cli/replay.ts'
import { watch } from './cli/watch.ts'
import { serveUntilStopped } from './serve.ts'
import { serverSettings } from './settings.ts'

const { stdout: out, stderr: err, env } = process
const program = new Command('kline-push').description('Pushes K-lines to WebSocket subscribers the moment a minute is complete')

program.command('serve')
  .description('run the server; the flags override HOST, PORT, DATA_DIR and LOG_LEVEL')
  .option('--host <address>', 'address to listen on (127.0.0.1)')
  .option('--port <number>', 'port to listen on (3000)')
  .option('--data-dir <path>', 'where bars are kept (./data)')
  .option('--log-level <level>', 'fatal, error, warn, info, debug, trace or silent (info)')
  .action(async (flags: { host?: string, port?: string, dataDir?: string, logLevel?: string }) => {
    const { host = env.HOST, port = env.PORT, dataDir = env.DATA_DIR, logLevel = env.LOG_LEVEL } = flags
    await serveUntilStopped(serverSettings({ HOST: host, PORT: port, DATA_DIR: dataDir, LOG_LEVEL: logLevel }))
  })

program.command('demo')
  .description('run a server with a simulated market, and print what it pushes')
  .option('--host <address>', 'address to listen on', '127.0.0.1')
  .option('--port <number>', 'port to listen on', integer(0, 65_535), 3000)
  .option('--data-dir <path>', 'where bars are kept (a directory that goes with the demo)')
  .option('--contracts <number>', 'how many contracts are simulated', integer(1, 5000), 20)
  .option('--pace <number>', 'simulated minutes per second', decimal(0.01, 1000), 2)
  .action(async (options: { host: string, port: number, dataDir?: string, contracts: number, pace: number }) => {
    await demo({ ...options, out, err, signal: onInterrupt() })
  })

program.command('replay')
  .description('send a CSV file with the columns symbol,time,open,high,low,close,volume to a server')
  .argument('<file>', 'the CSV file')
  .option('--speed <number>', 'minutes of market time per second; 0: as fast as possible', decimal(0, 1e6), 0)
  .option('--to <url>', 'where the server is', 'http://127.0.0.1:3000')
  .action(async (file: string, options: { speed: number, to: string }) => {
    const signal = onInterrupt()
    const { bad } = await replay({ ...options, file, out, err, fetch, signal })
    process.exitCode = signal.aborted ? 130 : bad > 0 ? 1 : 0
  })

program.command('watch')
  .description('print the bars of keys such as rb2601.1m, as they come')
  .argument('<key...>', 'contract.period')
  .option('--url <url>', 'the WebSocket of the server', 'ws://127.0.0.1:3000/ws')
  .action(async (keys: string[], { url }: { url: string }) => {
    await watch({ keys, url, out, err, signal: onInterrupt() })
  })

await program.parseAsync().catch(fail)
