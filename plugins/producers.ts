import bearerAuth from '@fastify/bearer-auth'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { KlineError } from '../src/errors.ts'
import type { CheckedOptions } from '../src/options.ts'

/** Asks those who bring bars for a token, if there are any; compared in constant time. */
async function producersPlugin (app: FastifyInstance, { producerTokens }: CheckedOptions): Promise<void> {
  if (producerTokens.length === 0) return
  await app.register(bearerAuth, { addHook: false, keys: new Set<string>() })
  const verify = app.verifyBearerAuthFactory?.({ addHook: false, keys: new Set(producerTokens), verifyErrorLogLevel: 'info' })
  app.addHook('onRequest', function demandToken (request: FastifyRequest, reply: FastifyReply, done) {
    verify?.(request, reply, (err) => {
      if (err === undefined) return done()
      reply.header('www-authenticate', 'Bearer')
      done(new KlineError('KLP_ERR_UNAUTHENTICATED', 'Expected `authorization: Bearer …` with a token of a producer'))
    })
  })
}

export default fp(producersPlugin, { fastify: '5.x', name: 'kline-push-producers' })
