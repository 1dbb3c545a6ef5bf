import type { FastifyInstance } from 'fastify'
import type { WatermarkInput } from '../src/wire/watermark.ts'

export default async function watermarksRoute (app: FastifyInstance): Promise<void> {
  app.removeContentTypeParser('text/plain')
  app.post<{ Body: WatermarkInput }>('/watermarks', async function postWatermarks (request) {
    return await app.klineHub.watermark(request.body)
  })
}
