import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { type TypeCheck, TypeCompiler } from '@sinclair/typebox/compiler'
import type { FrameCode } from '../errors.ts'
import { describe } from './describe.ts'

// client -> server

const id = Type.Optional(Type.Union([Type.Integer({ minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER }), Type.String()], { description: 'Echoed in the answer' }))
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
  since: Type.Optional(Type.Record(anyText, Type.Object({ epoch: Type.String(), seq: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }) }, strict), { description: 'By key, the position after which to go on' })),
}, { $id: 'kline-push/subscribe', ...strict })

export const UnsubscribeSchema = Type.Object({ op: Type.Literal('unsubscribe'), id, args }, { $id: 'kline-push/unsubscribe', ...strict })
export const ListSchema = Type.Object({ op: Type.Literal('list'), id }, { $id: 'kline-push/list', ...strict })
export const PingSchema = Type.Object({ op: Type.Literal('ping'), id }, { $id: 'kline-push/ping', ...strict })

export type Subscribe = Static<typeof SubscribeSchema>
export type Unsubscribe = Static<typeof UnsubscribeSchema>
export type Request = Subscribe | Unsubscribe | Static<typeof ListSchema> | Static<typeof PingSchema>
export type RequestId = string | number | undefined

const validators = new Map<string, TypeCheck<TSchema>>([
  ['subscribe', TypeCompiler.Compile(SubscribeSchema)],
  ['unsubscribe', TypeCompiler.Compile(UnsubscribeSchema)],
  ['list', TypeCompiler.Compile(ListSchema)],
  ['ping', TypeCompiler.Compile(PingSchema)],
])

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
