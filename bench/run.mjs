import { availableParallelism, cpus, release, type } from 'node:os'
import { parseArgs } from 'node:util'
import { median, medians } from './figures.mjs'
import { openFiles, pinned, stepAside } from './machine/launch.mjs'
import { SERVERS } from './servers.mjs'
import { SHAPES } from './shapes/shapes.mjs'
import { show, table } from './table.mjs'

const USAGE = `node run.mjs [shape…] [--only server,…] [--repeat n]
shapes: ${Object.keys(SHAPES).join(' ')}
servers: ${Object.keys(SERVERS).join(', ')}`

const { positionals, values: { only, repeat, help } } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string' }, repeat: { type: 'string' }, help: { type: 'boolean' } },
})
const names = positionals.length > 0 ? positionals : Object.keys(SHAPES)
const servers = only?.split(',') ?? Object.keys(SERVERS)
if (help || names.some((name) => !Object.hasOwn(SHAPES, name)) || servers.some((name) => !Object.hasOwn(SERVERS, name)) || !/^[1-9]\d*$/.test(repeat ?? '1')) {
  console.log(USAGE)
  process.exit(help ? 0 : 1)
}

console.log(`${new Date().toISOString().slice(0, 10)}, ${cpus()[0].model.trim()}, ${availableParallelism()} cores, ${type()} ${release()}, Node ${process.version}, at most ${openFiles()} open files`)
console.log(pinned ? 'The server has core 0, the load the others.' : 'Server and load share all cores.')
stepAside()

const verdicts = []
for (const name of names) {
  const shape = SHAPES[name]
  const rows = shape.rows.filter(({ server }) => servers.includes(server) && SERVERS[server].command !== undefined)
  if (rows.length === 0) continue
  const repeats = Number(repeat ?? shape.repeats)
  console.log(`\n## ${name}: ${shape.title}; median of ${repeats}\n`)
  const runs = await measure(rows, repeats)
  console.log(table(
    ['', ...shape.columns.map(([head]) => head)],
    rows.map(({ label }) => {
      const figures = medians(runs.get(label))
      return [label, ...shape.columns.map(([, figure]) => show(figures[figure]))]
    })
  ))
  for (const goal of shape.goals) verdicts.push(...judge(name, shape, runs, goal))
}
console.log(`\n## Goals\n\n${table(['', 'ours', 'at most', ''], verdicts)}`)

/** Row after row, and that several times, so that what else the machine does falls on all of them. */
async function measure (rows, repeats) {
  const runs = new Map(rows.map(({ label }) => [label, []]))
  for (let i = 0; i < repeats; i++) {
    for (const { label, measure } of rows) {
      progress(`${i + 1}/${repeats} ${label}`)
      runs.get(label).push(await measure())
    }
  }
  progress('')
  return runs
}

function progress (text) {
  if (process.stderr.isTTY) process.stderr.write(`\r${text}\x1b[K`)
}

/** A ratio is taken of what ran next to each other, then the median of these. */
function judge (name, { columns, rows }, runs, { figure, against, atMost }) {
  const ours = runs.get(rows[0].label)
  const others = runs.get(against)
  if (ours === undefined || (against !== undefined && others === undefined)) return []
  const [head] = columns.find(([, column]) => column === figure)
  const value = median(ours.map((run, i) => run[figure] / (others?.[i][figure] ?? 1)))
  const what = against === undefined ? `${name}: ${head}` : `${name}: ${head} ÷ ${against}`
  return [[what, show(value), show(atMost), value <= atMost ? 'reached' : 'missed']]
}
