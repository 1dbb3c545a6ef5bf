import type { FastifyInstance } from 'fastify'
import bearer from '../plugins/bearer.ts'
import type { CheckedOptions } from '../src/options.ts'

export default async function metricsRoute (app: FastifyInstance, { metricsTokens }: CheckedOptions): Promise<void> {
  const { klineMetrics: metrics } = app
  if (metrics === undefined) return
  await app.register(bearer, { tokens: metricsTokens, whose: 'a scraper' })
  app.get('/metrics', async function getMetrics ({ headers: { accept = '' } }, reply) {
    const registry = await metrics.read()
    if (accept.includes('application/json')) return await registry.getMetricsAsJSON()
    reply.type(registry.contentType)
    return await registry.metrics()
  })
}
