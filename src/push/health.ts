import { type Static, Type } from '@sinclair/typebox'

const count = Type.Integer({ minimum: 0 })

export const HealthSchema = Type.Object({
  status: Type.Union([Type.Literal('ok'), Type.Literal('closing')]),
  epoch: Type.String({ description: 'Names the data' }),
  symbols: count,
  connections: count,
  keys: Type.Integer({ minimum: 0, description: 'Keys that somebody listens to' }),
}, { additionalProperties: false })

export type Health = Readonly<Static<typeof HealthSchema>>
