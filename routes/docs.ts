import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import type { CheckedOptions } from '../src/options.ts'
import { packageVersion } from '../src/package.ts'
import { asyncApi } from '../src/wire/asyncapi.ts'

/** The page is whole by itself: a browser takes nothing for it from anywhere else. */
const POLICY = {
  'default-src': "'none'",
  'script-src': "'self'",
  'style-src': ["'self'", "'unsafe-inline'"],
  'img-src': ["'self'", 'data:'],
  'connect-src': "'self'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'self'",
}

export default async function docsRoute (app: FastifyInstance, { docs }: CheckedOptions): Promise<void> {
  if (!docs) return
  const version = packageVersion()
  if (!app.hasDecorator('swaggerCSP')) {
    await app.register(swaggerUi, {
      routePrefix: '/docs',
      indexPrefix: app.prefix,
      uiConfig: { layout: 'BaseLayout' },
      theme: { title: 'kline-push' },
      staticCSP: POLICY,
    })
  }
  app.get('/docs/asyncapi.json', { schema: { hide: true } }, async function getAsyncApi ({ host, protocol }) {
    return asyncApi({ host, protocol: protocol === 'https' ? 'wss' : 'ws', address: `${app.prefix}/ws`, version })
  })
}
