import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import bearer from '../plugins/bearer.ts'
import type { CheckedOptions } from '../src/options.ts'
import { documented } from './documented.ts'

const about = documented({
  operationId: 'getMetrics',
  summary: 'Reads what there is and what has happened; as JSON for those who accept that',
  tags: ['service'],
  produces: ['text/plain', 'application/json'],
  answers: { 200: Type.String({ description: 'Metrics as Prometheus reads them' }) },
  token: 'scraper',
})

export default async function metricsRoute (app: FastifyInstance, { metricsTokens }: CheckedOptions): Promise<void> {
  const { klineMetrics: metrics } = app
  if (metrics === undefined) return
  await app.register(bearer, { tokens: metricsTokens, whose: 'a scraper' })
  app.get('/metrics', about, async function getMetrics ({ headers: { accept = '' } }, reply) {
    const registry = await metrics.read()
    if (accept.includes('application/json')) return await registry.getMetricsAsJSON()
    reply.type(registry.contentType)
    return await registry.metrics()
  })
}
