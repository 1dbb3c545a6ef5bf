import type { FastifyBaseLogger, FastifyRequest } from 'fastify'

/** How pino, which is Fastify's logger, writes what is logged under a name. */
export type Serializers = Record<string, (value: any) => any>

/** Where pino keeps those of a logger; part of its interface, though it is spelled like this. */
const OF_LOGGER = Symbol.for('pino.serializers')

/** The address of a request, without its query where that has a token. */
export function withoutToken (url: string): string {
  const at = url.search(/[?#;]/)
  return at !== -1 && /token/i.test(String(new URLSearchParams(url.slice(at + 1)))) ? `${url.slice(0, at)}?token=…` : url
}

/** As `given`, or else the logger, writes things, but without the token that a request may have in its address. */
export function withoutTokens (log: FastifyBaseLogger, given: Serializers = {}): Serializers {
  const write = given.req ?? (log as { [OF_LOGGER]?: Serializers })[OF_LOGGER]?.req
  if (write === undefined) return given
  return {
    ...given,
    req (request: FastifyRequest) {
      const value = withoutToken(request.url)
      return write(Object.create(request, { url: { value }, originalUrl: { value } }))
    },
  }
}
