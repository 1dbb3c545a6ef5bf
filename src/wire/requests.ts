import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { type TypeCheck, TypeCompiler } from '@sinclair/typebox/compiler'
import type { FrameCode } from '../errors.ts'
import { PositionSchema } from '../store/store.ts'
import { describe } from './describe.ts'
import { Maybe } from './maybe.ts'

// client -> server

const id = Maybe(Type.Union([Type.Integer({ minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER }), Type.String()], { description: 'Echoed in the answer' }))
const args = Type.Array(Type.String(), { description: 'Keys `contract.period`' })
const strict = { additionalProperties: false } as const
const anyText = Type.String({ pattern: '^[\\s\\S]*$' }) // by itself, a record's values are not checked whose keys have line breaks

export const SubscribeSchema = Type.Object({
  op: Type.Literal('subscribe'),
  id,
  args,
  history: Type.Optional(Type.Integer({ minimum: 1, description: 'How many of the newest bars the snapshot holds; 1 if left out' })),
  closedOnly: Type.Optional(Type.Boolean({ description: 'Whether updates of unfinished bars are left out' })),
  watermarks: Type.Optional(Type.Boolean({ description: 'Whether to be told when a minute is complete' })),
  batch: Type.Optional(Type.Boolean({ description: 'From now on, and of the whole connection: whether frames that go out together come as one' })),
  since: Type.Optional(Type.Record(anyText, PositionSchema, { description: 'By key, the position after which to go on' })),
}, {
  $id: 'kline-push/subscribe',
  ...strict,
  description: 'Subscribes to keys: answered by an ack, then what is owed of each key (a snapshot, or what was missed after `since`), then its bars',
  examples: [
    { op: 'subscribe', id: 1, args: ['rb2601.1m', 'rb2601.1h'], history: 200, closedOnly: false, watermarks: true },
    { op: 'subscribe', id: 5, args: ['rb2601.1m'], since: { 'rb2601.1m': { epoch: 'k3f9', seq: 1041 } } },
  ],
})

export const AuthSchema = Type.Object({ op: Type.Literal('auth'), id, token: Type.String({ minLength: 1 }) }, {
  $id: 'kline-push/auth',
  ...strict,
  description: 'Says who the client is: as its first frame where the server wants to know, or later to go on with a newer token',
  examples: [{ op: 'auth', id: 8, token: 'eyJhbGciOi…' }],
})

export const UnsubscribeSchema = Type.Object({ op: Type.Literal('unsubscribe'), id, args }, {
  $id: 'kline-push/unsubscribe',
  ...strict,
  description: 'Gives keys up',
  examples: [{ op: 'unsubscribe', id: 2, args: ['rb2601.1h'] }],
})

export const ListSchema = Type.Object({ op: Type.Literal('list'), id }, {
  $id: 'kline-push/list',
  ...strict,
  description: 'Asks which keys the connection holds',
  examples: [{ op: 'list', id: 3 }],
})

export const PingSchema = Type.Object({ op: Type.Literal('ping'), id }, {
  $id: 'kline-push/ping',
  ...strict,
  description: 'Asks whether the server is there',
  examples: [{ op: 'ping', id: 4 }],
})

/** Everything that a client may send. */
export const REQUESTS = [AuthSchema, SubscribeSchema, UnsubscribeSchema, ListSchema, PingSchema] as const

export type Authenticate = Static<typeof AuthSchema>
export type Subscribe = Static<typeof SubscribeSchema>
export type Unsubscribe = Static<typeof UnsubscribeSchema>
export type Request = Static<(typeof REQUESTS)[number]>
export type RequestId = string | number | undefined

const validators = new Map<string, TypeCheck<TSchema>>(REQUESTS.map((schema) => [schema.properties.op.const, TypeCompiler.Compile<TSchema>(schema)]))

export interface BadRequest { readonly id: RequestId, readonly code: FrameCode, readonly message: string }

export function parseRequest (text: string): Request | BadRequest {
  let frame: unknown
  try {
    frame = JSON.parse(text)
  } catch {
    return { id: undefined, code: 'BAD_FRAME', message: `Expected JSON, got ${describe(text)}` }
  }
  if (typeof frame !== 'object' || frame === null || Array.isArray(frame)) {
    return { id: undefined, code: 'BAD_FRAME', message: `Expected a JSON object, got ${describe(frame)}` }
  }
  const { op, id: given } = frame as { op?: unknown, id?: unknown }
  const id = typeof given === 'string' || Number.isInteger(given) ? given as string | number : undefined
  if (typeof op !== 'string') return { id, code: 'BAD_FRAME', message: `Expected \`op\` to be a string, got ${describe(op)}` }
  const validator = validators.get(op)
  if (validator === undefined) return { id, code: 'UNKNOWN_OP', message: `Expected \`op\` to be one of ${[...validators.keys()].join(' ')}, got ${describe(op)}` }
  if (validator.Check(frame)) return frame as Request
  const error = validator.Errors(frame).First()
  const field = error?.path.slice(1).replaceAll('/', '.')
  const problem = field === 'id' ? 'Expected an integer of at most 53 bits or a string' : error?.message
  return { id, code: 'BAD_FRAME', message: `\`${field}\`: ${problem}, got ${describe(error?.value)}` }
}
