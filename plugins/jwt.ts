import jwt from '@fastify/jwt'
import type { FastifyInstance } from 'fastify'
import { createPublicKey } from 'node:crypto'
import { KlineError } from '../src/errors.ts'
import type { Guard, Identity } from '../src/push/identity.ts'
import { describe } from '../src/wire/describe.ts'

/** How tokens are signed (a shared secret, or a private key whose public half is here, in PEM), and what they have to say. */
export interface JwtSettings {
  readonly secret?: string
  readonly publicKey?: string
  /** What `aud` and `iss` of a token have to be; left out: anything. */
  readonly audience?: string
  readonly issuer?: string
}

/**
 * Tokens as RFC 7519 has them: `sub` says whose it is, `exp` until when.
 *
 * @throws KLP_ERR_OPTION: the public key is none
 */
export async function createTokenVerifier (app: FastifyInstance, { secret, publicKey, audience, issuer }: JwtSettings): Promise<NonNullable<Guard['verifyToken']>> {
  const requiredClaims = [...(audience === undefined ? [] : ['aud']), ...(issuer === undefined ? [] : ['iss'])] // or a token without one would pass
  await app.register(jwt, {
    secret: publicKey === undefined ? secret as string : { public: readPublicKey(publicKey) },
    verify: {
      requiredClaims,
      ...(audience === undefined ? undefined : { allowedAud: audience }),
      ...(issuer === undefined ? undefined : { allowedIss: issuer }),
    },
  })
  return (token) => identityOf(app.jwt.verify(token))
}

/** What is no key would be taken for a secret that signs too. */
function readPublicKey (pem: string): string {
  try {
    return createPublicKey(pem).export({ type: 'spki', format: 'pem' }) as string
  } catch (err) {
    throw new KlineError('KLP_ERR_OPTION', `Expected the key of tokens to be a public key in PEM: ${(err as Error).message}`, { cause: err })
  }
}

function identityOf (claims: Record<string, unknown>): Identity {
  const { sub, exp } = claims
  if (typeof sub !== 'string' || sub === '') throw new Error(`Expected \`sub\` of the token to say whose it is, got ${describe(sub)}`)
  return { ...claims, id: sub, ...(typeof exp === 'number' ? { expiresAt: exp * 1000 } : undefined) }
}
