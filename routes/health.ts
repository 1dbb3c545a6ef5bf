import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import { HealthSchema } from '../src/push/health.ts'
import { documented } from './documented.ts'

const pid = Type.Integer({ description: 'Which of several workers answers' })

const about = documented({
  operationId: 'getHealth',
  summary: 'Reads what the server holds',
  tags: ['service'],
  answers: { 200: Type.Object({ ...HealthSchema.properties, pid }, { $id: 'kline-push/health', additionalProperties: false, description: 'What the process holds' }) },
})

export default async function healthRoute (app: FastifyInstance): Promise<void> {
  app.get('/health', about, async function getHealth () {
    return { ...app.klineHub.health(), pid: process.pid }
  })
}
