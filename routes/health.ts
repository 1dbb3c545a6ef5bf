import type { FastifyInstance } from 'fastify'

export default async function healthRoute (app: FastifyInstance): Promise<void> {
  app.get('/health', async function getHealth () {
    return { ...app.klineHub.health(), pid: process.pid } // which of several workers answers
  })

  app.get('/health/live', async function getLiveness () {
    return { status: 'ok' }
  })

  app.get('/health/ready', async function getReadiness (_request, reply) {
    const { status } = app.klineHub.health()
    reply.code(status === 'ok' ? 200 : 503)
    return { status }
  })
}
