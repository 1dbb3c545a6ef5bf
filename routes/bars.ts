import type { FastifyInstance } from 'fastify'
import type { MinuteBar } from '../src/market/bar.ts'
import type { CheckedOptions } from '../src/options.ts'
import { aboutMinutes } from './minutes.ts'

const about = aboutMinutes({
  operationId: 'postBars',
  summary: 'Takes finished minutes: one bar or an array, all or none; answers once they are durable',
})

export default async function barsRoute (app: FastifyInstance, { maxBodyBytes }: CheckedOptions): Promise<void> {
  app.removeContentTypeParser('text/plain')
  // The hub checks the body: the same door, and the same errors, as in process.
  app.post<{ Body: MinuteBar | MinuteBar[] }>('/bars', { bodyLimit: maxBodyBytes, ...about }, async function postBars (request) {
    return await app.klineHub.ingest(request.body, { owned: true })
  })
}
