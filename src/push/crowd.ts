import { KlineError } from '../errors.ts'

export interface CrowdLimits {
  readonly maxConnections: number
  readonly maxConnectionsPerAddress: number
  readonly maxConnectionsPerIdentity: number
}

/** Where a connection comes from and whose it is, as far as that is known. */
export interface Visitor { readonly address?: string | undefined, readonly identity?: string | undefined }

/** How many connections there are: in all, of each address, and of each identity. */
export class Crowd {
  readonly #limits: CrowdLimits
  readonly #addresses = new Map<string, number>()
  readonly #identities = new Map<string, number>()
  #size = 0

  constructor (limits: CrowdLimits) {
    this.#limits = limits
  }

  /** Why there is no room for one more; undefined: there is. */
  refusal ({ address, identity }: Visitor): KlineError | undefined {
    const { maxConnections, maxConnectionsPerAddress } = this.#limits
    if (this.#size >= maxConnections) return new KlineError('KLP_ERR_TOO_MANY_CONNECTIONS', `There are ${maxConnections} connections, which is as many as may be; try again later`)
    if (address !== undefined && countOf(this.#addresses, address) >= maxConnectionsPerAddress) {
      return new KlineError('KLP_ERR_TOO_MANY_OF_ADDRESS', `The address \`${address}\` has ${maxConnectionsPerAddress} connections, which is as many as may be; try again later`)
    }
    return identity === undefined ? undefined : this.#refusalOf(identity)
  }

  enter ({ address, identity }: Visitor): void {
    this.#size++
    add(this.#addresses, address, 1)
    add(this.#identities, identity, 1)
  }

  /** Counts one that is here as one of an identity; unless that has as many as may be. */
  identify (identity: string): KlineError | undefined {
    const refusal = this.#refusalOf(identity)
    if (refusal === undefined) add(this.#identities, identity, 1)
    return refusal
  }

  leave ({ address, identity }: Visitor): void {
    this.#size--
    add(this.#addresses, address, -1)
    add(this.#identities, identity, -1)
  }

  #refusalOf (identity: string): KlineError | undefined {
    const { maxConnectionsPerIdentity } = this.#limits
    if (countOf(this.#identities, identity) < maxConnectionsPerIdentity) return undefined
    return new KlineError('KLP_ERR_TOO_MANY_OF_IDENTITY', `\`${identity}\` has ${maxConnectionsPerIdentity} connections, which is as many as may be; try again later`)
  }
}

function countOf (counts: Map<string, number>, name: string): number {
  return counts.get(name) ?? 0
}

function add (counts: Map<string, number>, name: string | undefined, by: number): void {
  if (name === undefined) return
  const count = countOf(counts, name) + by
  if (count === 0) counts.delete(name)
  else counts.set(name, count)
}
