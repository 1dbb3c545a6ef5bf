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

const StatusSchema = Type.Object({ status: Type.Union([Type.Literal('ok'), Type.Literal('closing')]) }, { $id: 'kline-push/status', additionalProperties: false, description: 'How it is' })

const aboutLiveness = documented({
  operationId: 'getLiveness',
  summary: 'Answers as long as the process does',
  tags: ['service'],
  answers: { 200: StatusSchema },
})

const aboutReadiness = documented({
  operationId: 'getReadiness',
  summary: 'Reads whether to send it more; not while it goes down',
  tags: ['service'],
  answers: { 200: StatusSchema, 503: StatusSchema },
})

export default async function healthRoute (app: FastifyInstance): Promise<void> {
  app.get('/health', about, async function getHealth () {
    return { ...app.klineHub.health(), pid: process.pid }
  })

  app.get('/health/live', aboutLiveness, async function getLiveness () {
    return { status: 'ok' }
  })

  app.get('/health/ready', aboutReadiness, async function getReadiness (_request, reply) {
    const { status } = app.klineHub.health()
    reply.code(status === 'ok' ? 200 : 503)
    return { status }
  })
}
