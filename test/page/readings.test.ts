import t from 'tap'
import { Registry, Counter, Histogram } from 'prom-client'
import { type Metric, perMinute, quantileBetween, type Sample, valueOf } from '../../src/page/metrics.ts'
import { readingsOf } from '../../src/page/readings.ts'
import { build } from '../fixture/build.ts'
import { connect } from '../fixture/client.ts'

/** What prom-client says of a counter with labels and a histogram, before and after something happens. */
async function samples (happens: (counter: Counter, histogram: Histogram) => void): Promise<[before: Sample, after: Sample]> {
  const registry = new Registry()
  const counter = new Counter({ name: 'closed', help: 'x', labelNames: ['code'], registers: [registry] })
  const histogram = new Histogram({ name: 'took', help: 'x', buckets: [0.1, 0.2, 0.4], registers: [registry] })
  counter.inc({ code: '1000' }, 7)
  histogram.observe(0.3)
  const read = async (at: number): Promise<Sample> => ({ at, metrics: await registry.getMetricsAsJSON() as unknown as Metric[] })
  const before = await read(0)
  happens(counter, histogram)
  return [before, await read(30_000)]
}

t.test('a counter counts by label, and grows in a minute', async (t) => {
  const [before, after] = await samples((counter) => { counter.inc({ code: '4108' }, 2) })
  t.equal(valueOf(after, 'closed'), 9)
  t.equal(valueOf(after, 'closed', { code: '4108' }), 2)
  t.equal(valueOf(after, 'elsewhere'), undefined)
  t.equal(perMinute(before, after, 'closed', { code: '4108' }), 4)
  t.equal(perMinute(before, before, 'closed'), undefined, 'no time has gone by')
  t.equal(perMinute(after, { ...before, at: 60_000 }, 'closed'), undefined, 'the server was started again')
})

t.test('a quantile is of what came between two samples, spread evenly in its bucket', async (t) => {
  const [before, after] = await samples((_, histogram) => { for (const seconds of [0.05, 0.15, 0.15, 0.3]) histogram.observe(seconds) })
  t.equal(quantileBetween(before, after, 'took', 0.5)?.toFixed(3), '0.150')
  t.equal(quantileBetween(before, after, 'took', 0.1)?.toFixed(3), '0.040', 'the first bucket begins at 0')
  t.equal(quantileBetween(before, after, 'took', 0.99)?.toFixed(3), '0.392')
  t.equal(quantileBetween(undefined, before, 'took', 0.5)?.toFixed(3), '0.300')
  t.equal(quantileBetween(before, before, 'took', 0.5), undefined)
  t.equal(quantileBetween(before, after, 'elsewhere', 0.5), undefined)
  const [, late] = await samples((_, histogram) => { for (let i = 0; i < 10; i++) histogram.observe(5) })
  t.equal(quantileBetween(undefined, late, 'took', 0.99), Infinity)
})

t.test('the readings are those of the server', async (t) => {
  const app = await build(t, { metrics: true })
  const sample = async (at: number): Promise<Sample> => ({ at, metrics: (await app.inject({ url: '/metrics', headers: { accept: 'application/json' } })).json() })
  const before = await sample(0)
  const client = await connect(t, app)
  await client.ask({ op: 'subscribe', args: ['rb2601.1m', 'rb2601.5m'] })
  await app.klineHub.ingest({ symbol: 'rb2601', time: 0, open: 1, high: 3, low: 1, close: 2, volume: 5 })
  await client.take(4)
  const readings = new Map(readingsOf(before, await sample(60_000)).map(({ name, text }) => [name, text]))
  t.match(Object.fromEntries(readings), { Connections: '1', Keys: '2', Contracts: '1', 'Events per minute': '2', 'Slow consumers': '0', 'Bytes waiting': '0 KiB', Processes: '1', Memory: '–', Delivery: /ms · .*ms/ })
  const [slow] = readingsOf({ at: 0, metrics: [] }, { at: 1, metrics: [{ name: 'kline_push_silent_workers', values: [{ value: 2 }] }] }).slice(-1)
  t.equal(slow.note, '2 did not answer, theirs is missing')
})

t.test('what took longer than the last bound is very late', async (t) => {
  const name = 'kline_push_accepted_to_written_seconds'
  const metric: Metric = { name, values: [{ metricName: `${name}_bucket`, labels: { le: 5 }, value: 0 }, { metricName: `${name}_bucket`, labels: { le: '+Inf' }, value: 1 }] }
  const late = readingsOf({ at: 0, metrics: [] }, { at: 1, metrics: [metric] })
  t.equal(late.find((reading) => reading.name === 'Delivery')?.text, 'very late · very late')
})
