import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import { KlineError } from '../src/errors.ts'
import type { CheckedOptions } from '../src/options.ts'
import { KlinesSchema, SymbolInfoSchema } from '../src/store/store.ts'
import { KlineQuerySchema, parseQueryText } from '../src/wire/query.ts'
import { documented } from './documented.ts'

export const SymbolsSchema = Type.Object({ symbols: Type.Array(SymbolInfoSchema) }, { $id: 'kline-push/symbols', additionalProperties: false, description: 'The contracts that there are bars of' })

const aboutKlines = documented({
  operationId: 'getKlines',
  summary: 'Reads bars, ascending; the last one may still be open',
  tags: ['bars'],
  querystring: KlineQuerySchema,
  answers: { 200: KlinesSchema },
  errors: ['KLP_ERR_QUERY', 'KLP_ERR_FORBIDDEN'],
  token: 'subscriber',
})

const aboutSymbols = documented({
  operationId: 'getSymbols',
  summary: 'Reads which contracts there are',
  tags: ['bars'],
  answers: { 200: SymbolsSchema },
  token: 'subscriber',
})

export default async function klinesRoute (app: FastifyInstance, { authorize }: CheckedOptions): Promise<void> {
  app.addHook('onRequest', app.identifySubscriber)

  app.get<{ Querystring: Record<string, unknown> }>('/klines', aboutKlines, async function getKlines (request) {
    const klines = app.klineHub.klines(parseQueryText(request.query))
    const { klineIdentity: identity } = request
    if (authorize !== undefined && identity !== undefined && await authorize(identity, klines.key) !== true) throw new KlineError('KLP_ERR_FORBIDDEN', `\`${klines.key}\` is not for you`)
    return klines
  })

  app.get('/symbols', aboutSymbols, async function getSymbols () {
    return { symbols: app.klineHub.symbols() }
  })
}
