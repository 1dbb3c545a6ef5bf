import rateLimit from '@fastify/rate-limit'
import underPressure from '@fastify/under-pressure'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { KlineError } from '../src/errors.ts'
import type { CheckedOptions } from '../src/options.ts'
import { subnetOf } from '../src/push/subnet.ts'

const SECOND = 1000
const PRESSURE_SAMPLE_MS = 500
const LONGEST_RETRY_S = 5

/** Turns requests away before anything is done for them: those of an address that asks too often, and all while there is too much to do. */
async function limitsPlugin (app: FastifyInstance, { maxRequestsPerSecond, maxEventLoopDelayMs }: CheckedOptions): Promise<void> {
  app.addHook('onError', async function hintRetry (_request, reply, { statusCode }) {
    if (statusCode === 503 && !reply.hasHeader('retry-after')) reply.header('retry-after', 1 + Math.floor(Math.random() * LONGEST_RETRY_S))
  })
  if (maxEventLoopDelayMs !== Infinity) {
    await app.register(underPressure, { maxEventLoopDelay: maxEventLoopDelayMs, sampleInterval: PRESSURE_SAMPLE_MS, retryAfter: 1, customError: Busy })
  }
  if (maxRequestsPerSecond !== Infinity) {
    await app.register(rateLimit, {
      max: maxRequestsPerSecond,
      timeWindow: SECOND,
      keyGenerator: ({ ip }) => subnetOf(ip),
      errorResponseBuilder: () => new KlineError('KLP_ERR_TOO_MANY_REQUESTS', `Expected at most ${maxRequestsPerSecond} requests a second; try again later`),
    })
  }
}

class Busy extends KlineError {
  constructor () {
    super('KLP_ERR_BUSY', 'The server has too much to do; try again later')
  }
}

export default fp(limitsPlugin, { fastify: '5.x', name: 'kline-push-limits' })
