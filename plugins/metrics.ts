import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { AggregatorRegistry, collectDefaultMetrics, Gauge, type Metric, Registry } from 'prom-client'
import type { CheckedOptions } from '../src/options.ts'
import type { Hub } from '../src/push/hub.ts'
import { Meter } from '../src/push/meter.ts'
import { exposeCounts, exposeHub, exposeTimings } from './exposition.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Undefined: `metrics` is off. */
    klineMetrics: Metrics | undefined
  }
}

async function metricsPlugin (app: FastifyInstance, { metrics }: CheckedOptions): Promise<void> {
  app.decorate('klineMetrics', metrics ? new Metrics(() => app.klineHub) : undefined)
}

/** Where the hub of an application counts, whether or not anybody reads it. */
export function meterOf (app: FastifyInstance): Meter {
  return app.klineMetrics?.meter ?? new Meter()
}

/** The others of a team: each answers with what `own` says there. */
interface Team { call (): Promise<{ answers: readonly unknown[], silent: number }> }

/** Counts the requests of a scope that end in an error, its guards' too. */
export function countRefusals (app: FastifyInstance): void {
  if (app.klineMetrics === undefined) return
  const { refusedRequests } = app.klineMetrics.meter
  app.addHook('onError', async function countRefusal (_request, _reply, { code }) { refusedRequests.add(code) })
}

/** What one application counts, as Prometheus reads it. */
export class Metrics {
  readonly meter: Meter
  readonly #registry = new Registry() // of this application alone: there may be more in a process
  readonly #silent: Gauge
  #team: Team | undefined

  /** `hub` is called when somebody reads. */
  constructor (hub: () => Hub) {
    const registers = [this.#registry]
    this.meter = new Meter(exposeTimings(this.#registry))
    exposeHub(this.#registry, hub)
    exposeCounts(this.#registry, this.meter)
    this.#silent = new Gauge({ name: 'kline_push_silent_workers', help: 'Processes that did not answer in time, so that their numbers are missing', aggregator: 'first', registers })
  }

  /** Adds those of the process as a whole, such as its memory and how late its event loop is. */
  addProcess (): void {
    for (const metric of ofProcess().getMetricsAsArray()) this.#registry.registerMetric(metric as unknown as Metric)
  }

  /** From now on what is read are the numbers of a whole team. */
  join (team: Team): void {
    this.#team = team
  }

  /** Those of this process. */
  async own (): Promise<object[]> {
    return await this.#registry.getMetricsAsJSON()
  }

  async read (): Promise<Registry> {
    if (this.#team === undefined) return this.#registry
    const { answers, silent } = await this.#team.call()
    this.#silent.set(silent)
    return AggregatorRegistry.aggregate([await this.own(), ...answers as object[][]])
  }
}

let processRegistry: Registry | undefined

/** Each takes 1 to 14 ms with 8,000 connections, in which nothing else is done. */
const TOO_SLOW = ['nodejs_active_handles', 'nodejs_active_handles_total', 'nodejs_active_resources', 'nodejs_active_resources_total', 'nodejs_active_requests', 'nodejs_active_requests_total', 'process_open_fds']
/** Between two looks at how late the event loop is, which cost a fifth of a percent of a core; ten is twice that. */
const LOOK_MS = 20

/** What watches the process can't be stopped again, so there is one of it. */
function ofProcess (): Registry {
  if (processRegistry === undefined) {
    processRegistry = new Registry()
    collectDefaultMetrics({ register: processRegistry, eventLoopMonitoringPrecision: LOOK_MS })
    for (const name of TOO_SLOW) processRegistry.removeSingleMetric(name)
  }
  return processRegistry
}

export default fp(metricsPlugin, { fastify: '5.x', name: 'kline-push-metrics' })
