import type { FastifyInstance } from 'fastify'
import { parseQueryText } from '../src/wire/query.ts'

export default async function klinesRoute (app: FastifyInstance): Promise<void> {
  app.get<{ Querystring: Record<string, unknown> }>('/klines', async function getKlines (request) {
    return app.klineHub.klines(parseQueryText(request.query))
  })

  app.get('/symbols', async function getSymbols () {
    return { symbols: app.klineHub.symbols() }
  })
}
