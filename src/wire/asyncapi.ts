import type { TSchema } from '@sinclair/typebox'
import { CLOSE_CODES, type ErrorCode, ERRORS } from '../errors.ts'
import { ErrorFrameSchema, PUSHES, REPLIES } from './frames.ts'
import { plain } from './plain.ts'
import { REQUESTS } from './requests.ts'

/** Where the WebSocket is that is described, and what serves it. */
export interface Described {
  /** `127.0.0.1:3000` */
  readonly host: string
  readonly protocol: 'ws' | 'wss'
  /** `/ws`, with the prefix. */
  readonly address: string
  readonly version: string
}

const ABOUT = 'K-lines (candlestick bars), pushed the moment a minute is complete. Frames are JSON texts. A request is answered in order: its ack, then what is owed of each key, then bars; within a minute the shortest period first.'
/** What an upgrade may be answered with instead. */
export const UPGRADE_ERRORS: readonly ErrorCode[] = [
  'KLP_ERR_UNAUTHENTICATED',
  'KLP_ERR_ORIGIN',
  'KLP_ERR_TOO_MANY_REQUESTS',
  'KLP_ERR_TOO_MANY_CONNECTIONS',
  'KLP_ERR_TOO_MANY_OF_ADDRESS',
  'KLP_ERR_TOO_MANY_OF_IDENTITY',
  'KLP_ERR_BUSY',
]
const CHANNEL = '#/channels/klines'

/** What the WebSocket says and hears, as an AsyncAPI 3 document; all of it comes from the schemas and the tables that the server itself goes by. */
export function asyncApi ({ host, protocol, address, version }: Described): object {
  const messages = [...REQUESTS, ...Object.values(REPLIES), ...PUSHES]
  return {
    asyncapi: '3.0.0',
    info: { title: 'kline-push', version, description: ABOUT },
    defaultContentType: 'application/json',
    servers: { this: { host, protocol } },
    channels: {
      klines: {
        address,
        title: 'The WebSocket',
        description: endings(),
        messages: Object.fromEntries(messages.map((schema) => [nameOf(schema), { $ref: `#/components/messages/${nameOf(schema)}` }])),
        bindings: { ws: { method: 'GET', bindingVersion: '0.1.0' } },
      },
    },
    operations: Object.fromEntries([...REQUESTS.map((schema) => [nameOf(schema), exchange(schema)]), ['push', push()]]),
    components: {
      messages: Object.fromEntries(messages.map((schema) => [nameOf(schema), messageOf(schema)])),
      schemas: schemasOf(messages),
    },
  }
}

function endings (): string {
  const refusals = UPGRADE_ERRORS.map((code) => `- ${ERRORS[code].statusCode}, \`${code}\`: ${ERRORS[code].when}`)
  const closes = Object.values(CLOSE_CODES).map(({ code, reason, when, client }) => `- ${code} (${reason}): ${when}; the client ${client}`)
  return `Why the server refuses an upgrade:\n\n${refusals.join('\n')}\n\nWhy it closes a connection, beside the codes of RFC 6455:\n\n${closes.join('\n')}`
}

/** What a client asks, and what answers it. */
function exchange (schema: (typeof REQUESTS)[number]): object {
  const answers = [REPLIES[schema.properties.op.const], ErrorFrameSchema]
  return {
    action: 'receive',
    channel: { $ref: CHANNEL },
    summary: schema.description,
    messages: [inChannel(schema)],
    reply: { channel: { $ref: CHANNEL }, messages: answers.map(inChannel) },
  }
}

function push (): object {
  return { action: 'send', channel: { $ref: CHANNEL }, summary: 'What comes by itself', messages: PUSHES.map(inChannel) }
}

function messageOf (schema: TSchema): object {
  const name = nameOf(schema)
  return {
    name,
    summary: schema.description,
    payload: refer(schema),
    examples: (schema.examples as object[]).map((payload) => ({ payload })),
  }
}

/** The schemas and those that they are made of. */
function schemasOf (schemas: readonly TSchema[]): Record<string, object> {
  const found: Record<string, object> = {}
  const waiting = [...schemas]
  for (const schema of waiting) {
    const { $id, examples, ...bare } = plain(schema, (named) => {
      waiting.push(named)
      return refer(named)
    })
    found[nameOf(schema)] ??= bare
  }
  return found
}

function refer (schema: TSchema): object {
  return { $ref: `#/components/schemas/${nameOf(schema)}` }
}

function inChannel (schema: TSchema): object {
  return { $ref: `${CHANNEL}/messages/${nameOf(schema)}` }
}

/** `kline-push/bar-frame` is `bar-frame` within the document. */
function nameOf ({ $id }: TSchema): string {
  return ($id as string).split('/')[1]
}
