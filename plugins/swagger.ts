import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { CheckedOptions } from '../src/options.ts'
import { packageVersion } from '../src/package.ts'

const ABOUT = 'K-lines (candlestick bars) over HTTP. Nothing that comes in is coerced: unknown fields, and numbers that are texts, are refused.'

/** Brings what makes an OpenAPI document of routes, unless the application has brought it itself: then they are in its own. */
async function swaggerPlugin (app: FastifyInstance, { docs, prefix }: CheckedOptions): Promise<void> {
  if (!docs || app.hasDecorator('swagger')) return
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'kline-push', version: packageVersion(), description: ABOUT },
      externalDocs: { url: `${app.prefix}${prefix}/docs/asyncapi.json`, description: 'The WebSocket, as an AsyncAPI document' },
    },
    refResolver: { buildLocalReference: ({ $id }) => String($id).split('/')[1] },
  })
}

export default fp(swaggerPlugin, { fastify: '5.x', name: 'kline-push-swagger' })
