import type { FastifyInstance } from 'fastify'
import { KlineError } from '../src/errors.ts'
import type { CheckedOptions } from '../src/options.ts'
import { parseQueryText } from '../src/wire/query.ts'

export default async function klinesRoute (app: FastifyInstance, { authorize }: CheckedOptions): Promise<void> {
  app.addHook('onRequest', app.identifySubscriber)

  app.get<{ Querystring: Record<string, unknown> }>('/klines', async function getKlines (request) {
    const klines = app.klineHub.klines(parseQueryText(request.query))
    const { klineIdentity: identity } = request
    if (authorize !== undefined && identity !== undefined && await authorize(identity, klines.key) !== true) throw new KlineError('KLP_ERR_FORBIDDEN', `\`${klines.key}\` is not for you`)
    return klines
  })

  app.get('/symbols', async function getSymbols () {
    return { symbols: app.klineHub.symbols() }
  })
}
