import type { FastifyInstance } from 'fastify'
import { ClosedSchema, type WatermarkInput, WatermarkSchema } from '../src/wire/watermark.ts'
import { documented } from './documented.ts'

const about = documented({
  operationId: 'postWatermarks',
  summary: 'Says that every minute that opens before a time has been sent, which closes the bars that have ended by then',
  tags: ['producers'],
  body: WatermarkSchema,
  answers: { 200: ClosedSchema },
  errors: ['KLP_ERR_WATERMARK', 'KLP_ERR_NOT_STORED', 'KLP_ERR_CLOSED'],
  token: 'producer',
})

export default async function watermarksRoute (app: FastifyInstance): Promise<void> {
  app.removeContentTypeParser('text/plain')
  app.post<{ Body: WatermarkInput }>('/watermarks', about, async function postWatermarks (request) {
    return await app.klineHub.watermark(request.body)
  })
}
