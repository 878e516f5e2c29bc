import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/** What is not an address: invented texts in X-Forwarded-For share one counter instead of having one each. */
const UNKNOWN = 'unknown'

/**
 * Network by which a client is counted: an IPv4 address itself, the /64 of an IPv6 address, because a single customer has all of
 * it. A port behind the address, which some proxies add, is ignored; anything else counts as `unknown`.
 */
export function networkOf(text: string): string {
  const plain = withoutPort(text.trim())
  if (isIP(plain) === 0) return UNKNOWN
  const address = ipaddr.process(plain)
  if ('octets' in address) return address.toString()
  const groups = address.parts.slice(0, 4).map(group => group.toString(16))
  return `${groups.join(':')}::/64`
}

function withoutPort(text: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(text)
  if (bracketed) return bracketed[1] as string
  return /^([\d.]+):\d+$/.exec(text)?.[1] ?? text
}
