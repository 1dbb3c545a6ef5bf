import bearerAuth from '@fastify/bearer-auth'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { KlineError } from '../src/errors.ts'

export interface BearerOptions {
  /** Those that are good; none: whoever comes is let in. */
  readonly tokens: readonly string[]
  /** Whose they are, as a refusal says it. */
  readonly whose: string
}

/** Asks whoever sends a request for a token, which is compared in constant time. */
async function bearerPlugin (app: FastifyInstance, { tokens, whose }: BearerOptions): Promise<void> {
  if (tokens.length === 0) return
  await app.register(bearerAuth, { addHook: false, keys: new Set(tokens), verifyErrorLogLevel: 'info', specCompliance: 'rfc6749' }) // which, unlike its other one, takes `bearer` too, as RFC 9110 has it
  app.addHook('onRequest', function demandToken (request, reply, done) {
    app.verifyBearerAuth?.(request, reply, (err) => {
      if (err === undefined) return done()
      reply.header('www-authenticate', 'Bearer')
      done(new KlineError('KLP_ERR_UNAUTHENTICATED', `Expected \`authorization: Bearer …\` with a token of ${whose}`))
    })
  })
}

export default fp(bearerPlugin, { fastify: '5.x', name: 'kline-push-bearer' })
