import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/** Networks that ipaddr.js counts as public and that lead, or may come to lead, inside: v4 addresses as v6, site-local, segment routing. */
const ALSO_INSIDE = ['::/96', 'fec0::/10', '5f00::/16', '3fff::/20', '64:ff9b:1::/48', '192.88.99.0/24'].map(network =>
  ipaddr.parseCIDR(network),
)

/**
 * Whether an IP address is public, so that a tenant may name it. A v4-mapped v6 address counts as its v4 address; a tunnel (NAT64,
 * 6to4, Teredo) is not public, for it leads to a v4 address that nobody sees here.
 */
export function isPublicAddress(text: string): boolean {
  if (isIP(text) === 0) return false
  const address = ipaddr.process(text)
  return (
    address.range() === 'unicast' &&
    !ALSO_INSIDE.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits))
  )
}
