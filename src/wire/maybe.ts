import { type Static, type TOptional, type TSchema, type TUnsafe, Type } from '@sinclair/typebox'

/** A field that is left out, or is there as `undefined`, which JSON leaves out. */
export function Maybe<T extends TSchema> (schema: T): TOptional<TUnsafe<Static<T> | undefined>> {
  return Type.Optional(schema as unknown as TUnsafe<Static<T> | undefined>)
}
