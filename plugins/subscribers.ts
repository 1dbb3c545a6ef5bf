import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { KlineError } from '../src/errors.ts'
import type { CheckedOptions } from '../src/options.ts'
import { checkIdentity, hasExpired, type Identity } from '../src/push/identity.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Finds out who sends a request; of an upgrade that has not said so, its first frame may still do it. @throws KLP_ERR_UNAUTHENTICATED */
    identifySubscriber (request: FastifyRequest, reply: FastifyReply): Promise<void>
  }
  interface FastifyRequest {
    klineIdentity: Identity | undefined
  }
}

/** Finds out who a subscriber is before anything is done for it. */
async function subscribersPlugin (app: FastifyInstance, { authenticate, verifyToken }: CheckedOptions<FastifyRequest>): Promise<void> {
  app.decorateRequest('klineIdentity', undefined)
  app.decorate('identifySubscriber', async function identifySubscriber (request, reply) {
    try {
      const given = authenticate === undefined ? await byToken(request) : await authenticate(request)
      if (given !== undefined) request.klineIdentity = notExpired(checkIdentity(given))
      else if (verifyToken === undefined ? authenticate !== undefined : !request.ws) throw new KlineError('KLP_ERR_UNAUTHENTICATED', 'Expected a request that says who sends it')
    } catch (err) {
      throw refusalOf(err, request, reply)
    }
  })

  async function byToken (request: FastifyRequest): Promise<Identity | undefined> {
    const token = tokenOf(request)
    return token === undefined ? undefined : await verifyToken?.(token)
  }
}

/** From the header, or, because browsers can't set one for a WebSocket, from the query of an upgrade. */
function tokenOf ({ headers: { authorization }, query, ws }: FastifyRequest): string | undefined {
  const [, bearer] = /^Bearer +(\S+) *$/i.exec(authorization ?? '') ?? []
  const { token } = query as Record<string, unknown>
  return bearer ?? (ws && typeof token === 'string' ? token : undefined)
}

function notExpired (identity: Identity): Identity {
  if (hasExpired(identity, Date.now())) throw new KlineError('KLP_ERR_UNAUTHENTICATED', 'The token has expired')
  return identity
}

/** An error with a status is an answer already; of any other only the log hears why. */
function refusalOf (err: unknown, request: FastifyRequest, reply: FastifyReply): Error {
  const { statusCode } = Object(err) as Partial<KlineError>
  if (statusCode === undefined) request.log.info({ err: err as Error }, 'a subscriber was not let in')
  const refusal = statusCode === undefined ? new KlineError('KLP_ERR_UNAUTHENTICATED', 'The credentials were not accepted') : err as KlineError
  if (refusal.statusCode === 401) reply.header('www-authenticate', 'Bearer')
  return refusal
}

export default fp(subscribersPlugin, { fastify: '5.x', name: 'kline-push-subscribers' })
