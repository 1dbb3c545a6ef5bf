import type { FastifyInstance } from 'fastify'
import type { MinuteBar } from '../src/market/bar.ts'
import { CountsSchema } from '../src/market/counts.ts'
import type { CheckedOptions } from '../src/options.ts'
import { MinutesSchema } from '../src/wire/minutes.ts'
import { documented } from './documented.ts'

const about = documented({
  operationId: 'postBars',
  summary: 'Takes finished minutes: one bar or an array, all or none; answers once they are durable',
  tags: ['producers'],
  body: MinutesSchema,
  answers: { 200: CountsSchema },
  errors: ['KLP_ERR_BAR', 'KLP_ERR_BATCH', 'KLP_ERR_TOO_OLD', 'KLP_ERR_TOO_MANY_SYMBOLS', 'KLP_ERR_NOT_STORED', 'KLP_ERR_CLOSED'],
  token: 'producer',
})

export default async function barsRoute (app: FastifyInstance, { maxBodyBytes }: CheckedOptions): Promise<void> {
  app.removeContentTypeParser('text/plain')
  // The hub checks the body: the same door, and the same errors, as in process.
  app.post<{ Body: MinuteBar | MinuteBar[] }>('/bars', { bodyLimit: maxBodyBytes, ...about }, async function postBars (request) {
    return await app.klineHub.ingest(request.body, { owned: true })
  })
}
