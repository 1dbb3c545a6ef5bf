import type { FastifyInstance } from 'fastify'
import type { MinuteBar } from '../src/market/bar.ts'
import { CountsSchema } from '../src/market/counts.ts'
import type { CheckedOptions } from '../src/options.ts'
import { MinutesSchema } from '../src/wire/minutes.ts'
import { documented } from './documented.ts'

const about = documented({
  operationId: 'postImports',
  summary: 'Takes old minutes, which fill the store and are not pushed',
  tags: ['producers'],
  body: MinutesSchema,
  answers: { 200: CountsSchema },
  errors: ['KLP_ERR_BAR', 'KLP_ERR_BATCH', 'KLP_ERR_TOO_OLD', 'KLP_ERR_TOO_MANY_SYMBOLS', 'KLP_ERR_NOT_STORED', 'KLP_ERR_CLOSED'],
  token: 'producer',
})

export default async function importsRoute (app: FastifyInstance, { maxBodyBytes }: CheckedOptions): Promise<void> {
  app.removeContentTypeParser('text/plain')
  app.post<{ Body: MinuteBar | MinuteBar[] }>('/imports', { bodyLimit: maxBodyBytes, ...about }, async function postImports (request) {
    return await app.klineHub.import(request.body, { owned: true })
  })
}
