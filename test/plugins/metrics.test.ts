import t, { type Test } from 'tap'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Metrics } from '../../plugins/metrics.ts'
import type { Hub } from '../../src/push/hub.ts'
import { serve } from '../../src/serve.ts'
import { build } from '../fixture/build.ts'
import { runSource } from '../fixture/child.ts'
import { ROOT } from '../fixture/compile.ts'
import { labelsOf, readExposition, type Shown, valueOf } from '../fixture/exposition.ts'
import { findTable } from '../fixture/readme.ts'

const MINUTE = { symbol: 'a', time: 0, open: 10, high: 12, low: 9, close: 11, volume: 5 }
const DASHBOARD = 'plugins/metrics.dashboard.json'

const bare = (cell: string): string => cell.replaceAll('`', '')

/** What a server shows after it has taken a minute. */
async function shownByServer (t: Test): Promise<Map<string, Shown>> {
  const app = await serve({ host: '127.0.0.1', port: 0, logger: false, metrics: true })
  t.teardown(() => app.close())
  await app.klineHub.ingest(MINUTE)
  return readExposition((await app.inject('/metrics')).body)
}

/** A hub of which only these numbers are known. */
function hubWith (health: Partial<ReturnType<Hub['health']>>, waitingBytes = 0): Hub {
  return { health: () => health, waitingBytes } as Hub
}

/** What is read of the metrics of one worker, as JSON and back, as it goes between processes. */
async function told (metrics: Metrics): Promise<unknown> {
  return JSON.parse(JSON.stringify(await metrics.own()))
}

t.test('two applications in a process count each for itself', async (t) => {
  const [one, other] = [await build(t, { metrics: true }), await build(t, { metrics: true })]
  await one.klineHub.ingest(MINUTE)
  const sample = 'minutes_total{route="bars",outcome="accepted"}'
  t.equal(valueOf((await one.inject('/metrics')).body, sample), 1)
  t.equal(valueOf((await other.inject('/metrics')).body, sample), 0)
})

t.test('a server shows its process too, and so does a second one', async (t) => {
  for (let i = 0; i < 2; i++) {
    const shown = await shownByServer(t)
    for (const name of ['process_cpu_seconds_total', 'process_resident_memory_bytes', 'nodejs_eventloop_lag_p99_seconds', 'nodejs_gc_duration_seconds']) t.ok(shown.has(name), name)
    t.notOk([...shown.keys()].some((name) => name.includes('active') || name === 'process_open_fds'), 'but nothing that takes longer the more connections there are')
  }
})

t.test('a team is read as one: sums, but of symbols, which all have, and who is silent', async (t) => {
  const workers = [
    new Metrics(() => hubWith({ connections: 2, keys: 3, symbols: 5 }, 100)),
    new Metrics(() => hubWith({ connections: 4, keys: 1, symbols: 4 }, 20)),
  ]
  for (const [i, { meter }] of workers.entries()) {
    meter.closed.add(1001)
    meter.frames = 10 + i
    meter.timings.commit.observe(0.002)
  }
  const [asked, other] = workers
  t.equal(await asked.read(), await asked.read(), 'alone it is one with itself')
  let silent = 0
  asked.join({ call: async () => ({ answers: [await told(other)], silent }) })
  for (silent of [0, 2]) {
    const text = await (await asked.read()).metrics()
    const expected = { connections: 6, keys: 4, symbols: 5, waiting_bytes: 120, workers: 2, silent_workers: silent, 'closed_connections_total{code="1001"}': 2, sent_frames_total: 21 }
    for (const [sample, value] of Object.entries(expected)) t.equal(valueOf(text, sample), value, sample)
    t.match((await (await asked.read()).getMetricsAsJSON()).find(({ name }) => name === 'kline_push_keys'), { type: 'gauge', values: [{ value: 4 }] })
    t.equal(readExposition(text).get('kline_push_commit_seconds')?.samples.get('kline_push_commit_seconds_bucket{le="0.0025"}'), 2)
  }
})

t.test('the README has every metric with its type and labels, and no other', async (t) => {
  const shown = await shownByServer(t)
  const { rows } = findTable(({ head }) => head[0] === 'metric')
  t.strictSame(
    rows.map(([name, type, labels]) => [bare(name), type, bare(labels)]).sort(),
    [...shown].filter(([name]) => name.startsWith('kline_push_')).map(([name, metric]) => [name, metric.type, labelsOf(metric).join(' ')]).sort(),
  )
})

/** The series and the labels that a query asks for. */
function asked (query: string): { series: string[], labels: string[] } {
  const labels = [...query.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, names]) => names.split(', '))
  const bareQuery = query.replaceAll(/"[^"]*"|\{[^}]*\}|\[[^\]]*\]|\bby \([^)]*\)/g, '')
  return { series: [...bareQuery.matchAll(/[a-z_]\w*(?!\w|\s*\()/gi)].map(([name]) => name), labels: labels.filter((label) => label !== 'le') }
}

t.test('a server has every series and label that the dashboard asks for, and the package has the dashboard', async (t) => {
  const shown = await shownByServer(t)
  const { panels } = JSON.parse(readFileSync(join(ROOT, DASHBOARD), 'utf8')) as { panels: { id: number, targets?: { expr: string, legendFormat?: string }[] }[] }
  t.equal(new Set(panels.map(({ id }) => id)).size, panels.length)
  const queried = new Set<string>()
  for (const { expr, legendFormat = '' } of panels.flatMap(({ targets = [] }) => targets)) {
    const { series, labels } = asked(expr)
    t.ok(series.length > 0, expr)
    for (const name of series) {
      const metric = shown.get(name) ?? shown.get(name.replace(/_(bucket|sum|count)$/, ''))
      const has = metric !== undefined && [...metric.samples.keys()].some((sample) => sample.replace(/\{.*/, '') === name)
      t.ok(has, `${name} of ${expr}`)
      for (const label of labels) t.ok(metric !== undefined && labelsOf(metric).includes(label), `${label} of ${expr}`)
      queried.add(name.replace(/_bucket$/, ''))
    }
    for (const [, label] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) t.ok(labels.includes(label), legendFormat)
  }
  t.strictSame([...shown.keys()].filter((name) => name.startsWith('kline_push_') && !queried.has(name)), [], 'and it shows all of ours')
  const { files } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { files: string[] }
  t.ok(files.includes(DASHBOARD))
})

t.test('a server with metrics ends by itself once it is closed', async (t) => {
  const child = runSource(t, 'test/fixture/closing-server.ts')
  t.strictSame(await child.ended, { code: 0, signal: null }, child.err)
  t.match(child.out, /nodejs_gc_duration_seconds/)
})
