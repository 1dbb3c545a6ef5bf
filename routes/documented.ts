import type { SwaggerTransform } from '@fastify/swagger'
import { type TSchema, Type } from '@sinclair/typebox'
import type { FastifySchema } from 'fastify'
import { type ErrorCode, ERRORS } from '../src/errors.ts'
import { plain } from '../src/wire/plain.ts'

/** What documents say of a route; `summary`, `operationId`, `tags` and `produces` as OpenAPI has them. */
export interface Documentation extends Pick<FastifySchema, 'summary' | 'operationId' | 'tags' | 'produces'> {
  readonly querystring?: TSchema
  readonly body?: TSchema
  /** What comes, by status. */
  readonly answers: Readonly<Record<number, TSchema>>
  /** Which of our errors may come instead. */
  readonly errors?: readonly ErrorCode[]
  /** Whose token it takes, where the server asks for one. */
  readonly token?: keyof typeof BEARERS
}

/** Those of Fastify, of every route that takes a body. */
const BODY_ERRORS = {
  FST_ERR_CTP_INVALID_JSON_BODY: { statusCode: 400, when: 'the body is not JSON' },
  FST_ERR_CTP_BODY_TOO_LARGE: { statusCode: 413, when: 'the body is too long' },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: { statusCode: 415, when: 'the body is not `application/json`' },
}

export const ErrorSchema = Type.Object({
  statusCode: Type.Integer(),
  code: Type.Optional(Type.String({ description: 'For programs to read' })),
  error: Type.String({ description: 'The name of the status' }),
  message: Type.String({ description: 'For people to read' }),
}, { $id: 'kline-push/error', additionalProperties: false })

/** Those of whoever guards a route that a token opens. */
const GUARD_ERRORS = ['KLP_ERR_UNAUTHENTICATED', 'KLP_ERR_TOO_MANY_REQUESTS', 'KLP_ERR_BUSY'] as const

const BEARERS = {
  producer: { type: 'http', scheme: 'bearer', description: 'The token of a producer, where the server asks for one' },
  subscriber: { type: 'http', scheme: 'bearer', description: 'The token of a subscriber, where the server asks for one' },
  scraper: { type: 'http', scheme: 'bearer', description: 'The token of a scraper, where the server asks for one' },
} as const

/**
 * Options of a route that documents take up. Fastify is not shown the shapes: it would make validators of them that
 * coerce, and serialisers that drop fields. What comes in is the hub's to check, with errors that name field and value.
 */
export function documented ({ querystring, body, answers, errors = [], token, ...schema }: Documentation) {
  const shapes: FastifySchema = {
    response: { ...describeAnswers(answers), ...describeErrors([...pick(errors), ...pick(token === undefined ? [] : GUARD_ERRORS), ...(body === undefined ? [] : Object.entries(BODY_ERRORS))]) },
    ...(querystring === undefined ? undefined : { querystring: plain(querystring) }),
    ...(body === undefined ? undefined : { body: plain(body) }),
  }
  const swaggerTransform: SwaggerTransform = function describeRoute ({ schema, url, ...document }) {
    if (token === undefined || !('openapiObject' in document)) return { schema: { ...schema, ...shapes }, url }
    const { components } = document.openapiObject
    document.openapiObject.components = { ...components, securitySchemes: { [token]: BEARERS[token], ...components?.securitySchemes } }
    return { schema: { ...schema, ...shapes, security: [{}, { [token]: [] }] }, url }
  }
  return { schema, config: { swaggerTransform } }
}

type Errors = [code: string, { statusCode: number, when: string }][]

function pick (codes: readonly ErrorCode[]): Errors {
  return codes.map((code) => [code, ERRORS[code]])
}

function describeAnswers (answers: Documentation['answers']): Record<string, object> {
  return Object.fromEntries(Object.entries(answers).map(([status, schema]) => [status, described(schema, schema.description as string)]))
}

/** By status, when each code comes with it. */
function describeErrors (errors: Errors): Record<string, object> {
  const lines = new Map([[500, 'A fault of the server\'s, of which its log has more']])
  for (const [code, { statusCode, when }] of errors) lines.set(statusCode, `${lines.has(statusCode) ? `${lines.get(statusCode)}\n` : ''}- \`${code}\`: ${when}`)
  return Object.fromEntries([...lines].map(([status, description]) => [status, described(ErrorSchema, description)]))
}

/** A schema with a name stays one of its own, under a description of when it comes. */
function described (schema: TSchema, description: string): object {
  return { 'x-response-description': description, allOf: [plain(schema)] }
}
