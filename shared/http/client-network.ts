import { isIPv4, isIPv6 } from 'node:net'

/** What is not an address: invented texts in X-Forwarded-For share one counter instead of having one each. */
const UNKNOWN = 'unknown'

/**
 * Network by which a client is counted: an IPv4 address itself, the /64 of an IPv6 address, because a single customer has all of
 * it. A port behind the address, which some proxies add, is ignored; anything else counts as `unknown`.
 */
export function networkOf(address: string): string {
  const plain = withoutPort(address.trim())
  if (isIPv4(plain)) return plain
  if (!isIPv6(plain)) return UNKNOWN
  const groups = groupsOf(plain)
  return embeddedV4(groups) ?? `${groups.slice(0, 4).map(hex).join(':')}::/64`
}

function withoutPort(text: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(text)
  if (bracketed) return bracketed[1] as string
  return /^([\d.]+):\d+$/.exec(text)?.[1] ?? text
}

/** The eight groups of an IPv6 address. */
function groupsOf(address: string): number[] {
  // The parser of URLs writes every form of an address in one way, but knows no zones.
  const canonical = new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname.slice(1, -1)
  const [left = [], right = []] = canonical.split('::').map(part => (part === '' ? [] : part.split(':').map(parseHex)))
  return [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right]
}

/** The IPv4 address in a v4-mapped IPv6 address; null for another one. */
function embeddedV4(groups: readonly number[]): string | null {
  const isMapped = groups.slice(0, 5).every(group => group === 0) && groups[5] === 0xffff
  return isMapped
    ? groups
        .slice(6)
        .flatMap(group => [group >> 8, group & 255])
        .join('.')
    : null
}

const hex = (group: number) => group.toString(16)
const parseHex = (group: string) => Number.parseInt(group, 16)
