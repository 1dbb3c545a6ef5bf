#!/usr/bin/env node
import { Command, Option } from 'commander'
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
import { DEFAULTS } from './options.ts'
import { serveUntilStopped } from './serve.ts'
import { NUMBERS, serverSettings, variableOf } from './settings.ts'
import { packageVersion } from './package.ts'

const { stdout: out, stderr: err, env } = process
const { KLINE_PUSH_TOKEN: token } = env
const program = new Command('kline-push').version(packageVersion()).description('Pushes K-lines to WebSocket subscribers the moment a minute is complete')
  .addHelpText('after', '\nreplay, import and watch send the token in KLINE_PUSH_TOKEN, if there is one.')

const serving = program.command('serve')
  .description('run the server; the flags override the environment (HOST, PORT, DATA_DIR, …), where the secrets are (PRODUCER_TOKENS, JWT_SECRET)')
  .option('--host <address>', 'address to listen on (127.0.0.1)')
  .option('--port <number>', 'port to listen on (3000)')
  .option('--data-dir <path>', 'where bars are kept (./data)')
  .option('--workers <number>', 'how many processes share the port; one of them keeps the bars (1)')
  .option('--log-level <level>', 'fatal, error, warn, info, debug, trace or silent (info)')
  .option('--warm-up <on|off>', 'whether to run the code in before it listens, which takes a third of a second (on)')
  .option('--docs <on|off>', 'whether /docs has the documents of the HTTP routes and of the WebSocket (on)')
  .option('--page <on|off>', 'whether / has a page with charts and the server\'s numbers (on)')
  .option('--deflate <on|off>', 'whether clients that offer it get compressed frames (off)')
  .option('--metrics <on|off>', 'whether there is a GET /metrics for Prometheus (on)')
  .option('--close-grace-ms <number>', 'how long after the end of a minute the clock closes bars; off: never (5000)')
  .option('--retain-days <list>', 'for how long bars are kept, such as 1m=90,1h=730 (all for ever)')
  .option('--origins <list>', 'pages that may connect, such as https://charts.example, or * (those of this server)')
  .option('--trust-proxy <list>', 'addresses of proxies such as 10.0.0.0/8 (none)')
  .option('--jwt-public-key-file <path>', 'what tokens of subscribers are verified with (they need none)')
  .option('--jwt-audience <text>', 'what `aud` of a token has to be (anything)')
  .option('--jwt-issuer <text>', 'what `iss` of a token has to be (anything)')
  .action(async (flags: Record<string, string>) => {
    const given = Object.entries(flags).map(([name, value]) => [variableOf(name), value]) // --data-dir is DATA_DIR
    await serveUntilStopped(serverSettings({ ...env, ...Object.fromEntries(given) }))
  })
for (const option of NUMBERS) serving.option(`--${variableOf(option).toLowerCase().replaceAll('_', '-')} <number>`, `the option \`${option}\` (${String(DEFAULTS[option as keyof typeof DEFAULTS])})`)

program.command('demo')
  .description('run a server with a simulated market, and print what it pushes')
  .option('--host <address>', 'address to listen on', '127.0.0.1')
  .option('--port <number>', 'port to listen on', integer(0, 65_535), 3000)
  .option('--data-dir <path>', 'where bars are kept (a directory that goes with the demo)')
  .option('--contracts <number>', 'how many contracts are simulated', integer(1, 5000), 20)
  .option('--pace <number>', 'simulated minutes per second', decimal(0.01, 1000), 2)
  .action(async (options: { host: string, port: number, dataDir?: string, contracts: number, pace: number }) => {
    const { producerTokens = [] } = serverSettings({ PRODUCER_TOKENS: env.PRODUCER_TOKENS })
    await demo({ ...options, producerTokens, out, err, signal: onInterruptOrSilence() })
  })

program.command('replay')
  .description('send a CSV (or NDJSON) file with the columns symbol,time,open,high,low,close,volume to a server')
  .argument('<file>', 'CSV; NDJSON if the name ends with .ndjson or .jsonl')
  .option('--speed <number>', 'minutes of market time per second; 0: as fast as possible', decimal(0, 1e6), 0)
  .option('--to <url>', 'where the server is', 'http://127.0.0.1:3000')
  .action(async (file: string, options: { speed: number, to: string }) => {
    const signal = onInterruptOrSilence()
    process.exitCode = exitCode(signal, await replay({ ...options, token, file, out, err, fetch, signal }))
  })

program.command('import')
  .description('fill the store of a server with a CSV or NDJSON file of old minutes, without pushing them')
  .argument('<file>', 'CSV as for replay; NDJSON if the name ends with .ndjson or .jsonl')
  .option('--to <url>', 'where the server is', 'http://127.0.0.1:3000')
  .action(async (file: string, options: { to: string }) => {
    const signal = onInterruptOrSilence()
    process.exitCode = exitCode(signal, await importFile({ ...options, token, file, out, err, fetch, signal }))
  })

program.command('watch')
  .description('print the bars of keys such as rb2601.1m, as they come')
  .argument('<key...>', 'contract.period')
  .option('--url <url>', 'the WebSocket of the server', 'ws://127.0.0.1:3000/ws')
  .action(async (keys: string[], { url }: { url: string }) => {
    await watch({ keys, url, token, out, err, signal: onInterruptOrSilence() })
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
