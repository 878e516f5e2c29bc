import { isIPv6 } from 'node:net'

/**
 * The address that a request comes from, as express finds it with `trust proxy`: of the connection and the entries of
 * `X-Forwarded-For` before it, the first that is not one of the trusted proxies.
 * @param trusted number of proxies in front; 0 believes no header
 */
export function clientAddress(remote: string | undefined, forwardedFor: string | string[] | undefined, trusted: number): string {
  if (trusted === 0 || forwardedFor === undefined) return remote ?? ''
  const forwarded = String(forwardedFor)
    .split(',')
    .map(address => address.trim())
    .reverse()
  const hops = [remote ?? '', ...forwarded]
  return hops[Math.min(trusted, hops.length - 1)] as string
}

/** What counts as one address in limits: an IPv6 client has a whole /64, and IPv4 may be written as IPv6. */
export function addressGroup(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  return isIPv6(address) ? `${networkOf(address)}::/64` : address
}

/** The first four groups, without leading zeros. */
function networkOf(address: string): string {
  const [head = '', tail] = address.split('::')
  const left = groupsOf(head)
  const right = groupsOf(tail ?? '')
  const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0')
  return [...left, ...zeros, ...right]
    .slice(0, 4)
    .map(group => Number.parseInt(group, 16).toString(16))
    .join(':')
}

const groupsOf = (part: string) => part.split(':').filter(group => group !== '')
