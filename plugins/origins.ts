import cors from '@fastify/cors'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { KlineError } from '../src/errors.ts'
import type { CheckedOptions } from '../src/options.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** @throws KLP_ERR_ORIGIN: the page that a browser shows may not connect */
    checkKlineOrigin (request: FastifyRequest): void
  }
}

/** Lets pages of some origins connect and read; a browser says what page it is on, and other clients say nothing. */
async function originsPlugin (app: FastifyInstance, { origins }: CheckedOptions): Promise<void> {
  app.decorate('checkKlineOrigin', function checkOrigin ({ headers: { origin, host } }) {
    if (origins === undefined || origin === undefined || origins.includes('*') || origins.includes(origin)) return
    if (URL.canParse(origin) && new URL(origin).host === host) return
    throw new KlineError('KLP_ERR_ORIGIN', `Expected a page of this server, or of one of \`origins\`, got \`${origin}\``)
  })
  const isTheirs = app.hasRequestDecorator('corsPreflightEnabled') // the application answers browsers already
  if (origins === undefined || origins.length === 0 || isTheirs) return
  await app.register(cors, { origin: origins.includes('*') ? '*' : [...origins], methods: ['GET', 'POST'], maxAge: 600 })
}

export default fp(originsPlugin, { fastify: '5.x', name: 'kline-push-origins' })
