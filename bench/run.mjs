import { existsSync } from 'node:fs'
import { availableParallelism, cpus, release, type } from 'node:os'
import { parseArgs } from 'node:util'
import { median, medians } from './figures.mjs'
import { openFiles, pinned, stepAside } from './machine/launch.mjs'
import { OURS, SERVERS } from './servers.mjs'
import { SHAPES } from './shapes/shapes.mjs'
import { show, table } from './table.mjs'

const USAGE = `node run.mjs [shape…] [--only server,…] [--repeat n]
shapes: ${Object.keys(SHAPES).join(' ')}
servers: ${Object.keys(SERVERS).join(' ')}`

const { positionals, values: { only, repeat, help } } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string' }, repeat: { type: 'string' }, help: { type: 'boolean' } },
})
const names = positionals.length > 0 ? positionals : Object.keys(SHAPES)
const servers = only?.split(',') ?? Object.keys(SERVERS)
if (help || names.some((name) => !Object.hasOwn(SHAPES, name)) || servers.some((name) => !Object.hasOwn(SERVERS, name)) || !/^[1-9]\d*$/.test(repeat ?? '1')) stop(USAGE, help ? 0 : 1)
if (!existsSync(OURS)) stop(`There is no ${OURS}: build the project first`, 1)
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => { process.exit(1) })

console.log(`${new Date().toISOString().slice(0, 10)}, ${cpus()[0].model.trim()}, ${availableParallelism()} cores, ${type()} ${release()}, Node ${process.version}, at most ${openFiles()} open files`)
console.log(pinned ? 'The server has core 0, the load the others.' : 'Server and load share all cores.')
stepAside()

const verdicts = []
for (const name of names) {
  const shape = SHAPES[name]
  const rows = shape.rows.filter(({ server, files }) => servers.includes(server) && SERVERS[server].command !== undefined && files <= openFiles())
  const repeats = Number(repeat ?? shape.repeats)
  if (rows.length === 0) continue
  console.log(`\n## ${name}: ${shape.title}; median of ${repeats}\n`)
  const runs = await measureAll(rows, repeats)
  console.log(table(['', ...shape.columns.map(([head]) => head)], rows.map(({ label }) => {
    const figures = medians(runs.get(label))
    return [label, ...shape.columns.map(([, figure]) => show(figures[figure]))]
  })))
  for (const goal of shape.goals) verdicts.push(...judge(name, shape, runs, goal))
}
if (verdicts.length > 0) console.log(`\n## Goals\n\n${table(['', 'ours', 'at most', ''], verdicts)}`)

/** Row after row, and that several times, so that what else the machine does falls on all of them. */
async function measureAll (rows, repeats) {
  const runs = new Map(rows.map(({ label }) => [label, []]))
  for (let i = 0; i < repeats; i++) {
    for (const { label, measure } of rows) {
      progress(`${i + 1}/${repeats} ${label}`)
      try {
        runs.get(label)[i] = await measure()
      } catch (err) {
        console.error(err.message)
        process.exitCode = 1
      }
    }
  }
  progress('')
  return runs
}

/** A ratio is taken of what ran next to each other, then the median of these. */
function judge (name, { columns, rows }, runs, { figure, against, atMost }) {
  const ours = runs.get(rows[0].label)
  const others = against === undefined ? ours?.map(() => ({ [figure]: 1 })) : runs.get(against)
  if (ours === undefined || others === undefined) return []
  const ratios = ours.flatMap((run, i) => others[i] === undefined ? [] : [run[figure] / others[i][figure]])
  const value = median(ratios)
  const [head] = columns.find(([, column]) => column === figure)
  const what = against === undefined ? `${name}: ${head}` : `${name}: ${head} ÷ ${against}`
  return [[what, show(value), show(atMost), value <= atMost ? 'reached' : 'missed']]
}

function progress (text) {
  if (process.stderr.isTTY) process.stderr.write(`\r${text}\x1b[K`)
}

function stop (text, code) {
  console.log(text)
  process.exit(code)
}
