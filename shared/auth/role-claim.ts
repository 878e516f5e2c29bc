import type { Role } from '../model/documents.ts'
import { ROLES } from './policy.ts'

/** How the roles of an identity provider become ours. */
export interface RoleClaims {
  /** Claim that holds a name or a list of names; dots lead into objects: `realm_access.roles`. Null: roles are kept here. */
  claim: string | null
  /** Our role for a name of the provider. */
  map: ReadonlyMap<string, Role>
}

/**
 * Map of roles from a text such as `linko-admins=tenant_admin,support=agent`.
 * @throws Error that names what is wrong
 */
export function parseRoleMap(text: string): Map<string, Role> {
  const map = new Map<string, Role>()
  for (const part of text.split(',').map(one => one.trim())) {
    if (part === '') continue
    const at = part.lastIndexOf('=')
    const [name, role] = [part.slice(0, at).trim(), part.slice(at + 1).trim()]
    if (at < 1 || name === '') throw new Error('write <name of the provider>=<role>, separated by commas')
    if (!(ROLES as readonly string[]).includes(role)) throw new Error(`${role} is no role: ${ROLES.join(', ')}`)
    map.set(name, role as Role)
  }
  return map
}

/** The highest of our roles that somebody's claims stand for; null when they stand for none. */
export function roleOfClaims(claims: Record<string, unknown>, { claim, map }: RoleClaims): Role | null {
  const names = claim === null ? [] : namesIn(valueAt(claims, claim))
  const roles = names.map(name => map.get(name)).filter(role => role !== undefined)
  return roles.reduce<Role | null>(
    (best, role) => (best === null || ROLES.indexOf(role) > ROLES.indexOf(best) ? role : best),
    null,
  )
}

function valueAt(claims: Record<string, unknown>, claim: string): unknown {
  // A claim's own name may have dots, as those that are addresses have.
  if (Object.hasOwn(claims, claim)) return claims[claim]
  return claim
    .split('.')
    .reduce<unknown>(
      (at, key) => (typeof at === 'object' && at !== null && Object.hasOwn(at, key) ? (at as never)[key] : undefined),
      claims,
    )
}

const namesIn = (value: unknown): string[] => [value].flat().filter(name => typeof name === 'string')
