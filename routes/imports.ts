import type { FastifyInstance } from 'fastify'
import type { MinuteBar } from '../src/market/bar.ts'
import type { CheckedOptions } from '../src/options.ts'
import { aboutMinutes } from './minutes.ts'

const about = aboutMinutes({
  operationId: 'postImports',
  summary: 'Takes old minutes, which fill the store and are not pushed',
})

export default async function importsRoute (app: FastifyInstance, { maxBodyBytes }: CheckedOptions): Promise<void> {
  app.removeContentTypeParser('text/plain')
  app.post<{ Body: MinuteBar | MinuteBar[] }>('/imports', { bodyLimit: maxBodyBytes, ...about }, async function postImports (request) {
    return await app.klineHub.import(request.body, { owned: true })
  })
}
