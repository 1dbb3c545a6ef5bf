import { isIP } from 'node:net'

const GROUPS = 8
/** What a provider gives to one customer (RFC 6177), who may use every address of it. */
const CUSTOMER_GROUPS = 4
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i

/** What one customer comes from: an IPv4 address, or the first 64 bits of one of IPv6 as `2001:db8:0:0::/64`. */
export function subnetOf (address: string): string {
  const [, mapped] = MAPPED.exec(address) ?? []
  if (mapped !== undefined || isIP(address) !== 6) return mapped ?? address
  const [head, tail] = address.split('%')[0].split('::').map((part) => part.split(':').filter((group) => group !== ''))
  const zeros = Array.from({ length: tail === undefined ? 0 : GROUPS - head.length - tail.length }, () => '0')
  const groups = [...head, ...zeros, ...tail ?? []]
  return `${groups.slice(0, CUSTOMER_GROUPS).map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`
}
