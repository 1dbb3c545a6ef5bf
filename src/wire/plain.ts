import type { TSchema } from '@sinclair/typebox'

/** A schema as documents have it: a choice of texts is one `enum`, and what has a name within it is what `refer` gives for it. */
export function plain (schema: TSchema, refer?: (named: TSchema) => object): TSchema {
  return JSON.parse(JSON.stringify(schema, (field, value: unknown) => {
    if (!isObject(value)) return value
    if (refer !== undefined && field !== '' && value.$id !== undefined) return refer(value)
    const { anyOf, ...others } = value
    const texts = (anyOf as TSchema[] | undefined)?.map((choice) => choice.const as unknown)
    return texts?.every((text) => typeof text === 'string') === true ? { ...others, type: 'string', enum: texts } : value
  })) as TSchema
}

function isObject (value: unknown): value is TSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
