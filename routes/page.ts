import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import type { CheckedOptions } from '../src/options.ts'
import { builtPath } from '../src/package.ts'

/** The page is whole by itself, and no other page shows it. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'", // the chart places its parts by their style
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'",
].join('; ')

const HIDDEN = { schema: { hide: true } }

/** The page, as `npm run build` makes it of `src/page`, and what it asks before it begins. */
export default async function pageRoute (app: FastifyInstance, { page, metrics, maxHistory }: CheckedOptions): Promise<void> {
  if (!page) return
  app.addHook('onRequest', async function redirectToDirectory ({ url }, reply) {
    if (url.split('?')[0] === app.prefix) return reply.redirect(`${app.prefix}/`) // what it asks for is beside it
  })
  await app.register(fastifyStatic, {
    root: builtPath('dist/page'),
    wildcard: false,
    decorateReply: false,
    setHeaders (reply) {
      reply.header('content-security-policy', POLICY)
      reply.header('x-content-type-options', 'nosniff')
      reply.header('referrer-policy', 'no-referrer')
    },
  })
  app.get('/page.json', HIDDEN, async function getPage () {
    return { periods: app.klineHub.periods, maxHistory, metrics }
  })
}
