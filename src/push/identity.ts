import { KlineError } from '../errors.ts'
import { describe } from '../wire/describe.ts'

/** Who a subscriber is. What else the application puts here it finds again in `authorize`. */
export interface Identity {
  /** By what it is known, and its connections are counted. */
  readonly id: string
  /** Until when this holds, UTC milliseconds; left out: for as long as the connection. */
  readonly expiresAt?: number | undefined
  readonly [name: string]: unknown
}

/** Whether an identity is no longer believed; `now` is UTC milliseconds. */
export function hasExpired ({ expiresAt }: Identity, now: number): boolean {
  return expiresAt !== undefined && expiresAt <= now
}

/** How subscribers say who they are, and which keys they may have. */
export interface Guard {
  /** Whose token it is; throws when it is nobody's. Undefined: a client need not say who it is. */
  readonly verifyToken: ((token: string) => Identity | Promise<Identity>) | undefined
  /** Whether a subscriber may have the bars of a key. Undefined: all may. */
  readonly authorize: ((identity: Identity, key: string) => boolean | Promise<boolean>) | undefined
}

/** @throws KLP_ERR_OPTION: what the application gave is nobody */
export function checkIdentity (given: unknown): Identity {
  const { id, expiresAt } = Object(given) as Partial<Identity>
  if (typeof id !== 'string' || id === '') throw new KlineError('KLP_ERR_OPTION', `Expected the \`id\` of an identity to be a string that is not empty, got ${describe(id)}`)
  if (expiresAt !== undefined && !Number.isFinite(expiresAt)) throw new KlineError('KLP_ERR_OPTION', `Expected \`expiresAt\` of an identity to be UTC milliseconds, got ${describe(expiresAt)}`)
  return given as Identity
}
