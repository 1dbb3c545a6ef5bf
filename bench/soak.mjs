import { appendFileSync, existsSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, release, type } from 'node:os'
import { fileURLToPath } from 'node:url'
import { openFiles, pinned, stepAside } from './machine/launch.mjs'
import { withServer } from './server.mjs'
import { OURS } from './servers.mjs'
import { soakOptions, USAGE } from './soak/options.mjs'
import { HEADS, rowLine, rowsTable, verdict } from './soak/report.mjs'
import { serverEnvironment, Soak } from './soak/run.mjs'

const LEASH = fileURLToPath(new URL('machine/leash.mjs', import.meta.url))
const SPARE_FILES = 200

const options = parse()
const { out, minutes, connections } = options
if (!existsSync(OURS)) stop(`There is no ${OURS}: build the project first`, 1)
if (openFiles() < connections + SPARE_FILES) stop(`Expected the limit of open files to be at least ${connections + SPARE_FILES}, got ${openFiles()}`, 1)

const machine = `${new Date().toISOString().slice(0, 16)}Z, ${cpus()[0].model.trim()}, ${availableParallelism()} cores, ${type()} ${release()}, Node ${process.version}${pinned ? ', the server has core 0' : ''}`
stepAside()
writeFileSync(out, '')
note({ machine, options })
console.log(`${machine}\n${Object.entries(options).map(([name, value]) => `${name} ${value}`).join(', ')}\n`)

const rows = []
const interrupt = new AbortController()
let soak
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, interrupted)

try {
  await withServer('ours', { port: options.port, env: serverEnvironment(options), detached: true, nodeOptions: ['--import', LEASH] }, async (server) => {
    soak = new Soak(server, options, {
      onPhase (text) { console.log(`${new Date().toISOString().slice(11, 19)} ${text}`) },
      onSample (sample) { note(sample) },
      onRow (row) {
        if (rows.push(row) === 1) console.log(HEADS)
        console.log(rowLine(row))
      },
      onFault (text) {
        note({ at: new Date().toISOString(), fault: text })
        console.log(text)
      },
    })
    try {
      const { figures, text } = verdict({ ...await soak.run(interrupt.signal), interrupted: interrupt.signal.aborted })
      note({ verdict: figures })
      print(text)
      process.exitCode = figures.ok ? 0 : 1
    } catch (err) {
      print(`FAILED after what is above: ${err.stack}\n\nThe server said:\n${server.output.slice(-2000)}`)
      process.exitCode = 1
    } finally {
      soak.kill()
    }
  })
} finally {
  for (const signal of ['SIGINT', 'SIGTERM']) process.off(signal, interrupted)
}

/** The first time it comes to an end with a report, the second time at once. */
function interrupted () {
  if (interrupt.signal.aborted) {
    soak?.kill()
    process.exit(130)
  }
  console.log('Interrupted: it ends with what it has checked so far. Once more to end at once.')
  interrupt.abort()
}

function print (text) {
  const report = `## ${connections} connections, ${minutes} minutes\n\n${rowsTable(rows)}\n\n${text}\n`
  console.log(`\n${report}`)
  writeFileSync(out.replace(/(\.ndjson)?$/, '.md'), `${machine}\n\n${report}`)
}

function note (line) {
  appendFileSync(out, `${JSON.stringify(line)}\n`)
}

function parse () {
  try {
    return soakOptions(process.argv.slice(2)) ?? stop(USAGE, 0)
  } catch (err) {
    return stop(`${err.message}\n\n${USAGE}`, 1)
  }
}

function stop (text, code) {
  console.log(text)
  process.exit(code)
}
