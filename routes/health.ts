import type { FastifyInstance } from 'fastify'

export default async function healthRoute (app: FastifyInstance): Promise<void> {
  app.get('/health', async function getHealth () {
    return { ...app.klineHub.health(), pid: process.pid } // which of several workers answers
  })
}
