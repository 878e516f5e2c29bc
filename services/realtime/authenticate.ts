import type { VerifiedAccess } from '#shared/auth/access-token.ts'
import { verifyAccessToken } from '#shared/auth/access-token.ts'
import type { Store } from '#shared/store/connect.ts'
import { getCachedTenant } from '#shared/store/tenants.ts'
import { findSessionUser } from '#shared/store/users.ts'

/** Who a socket belongs to, as checked against the store; null for any token that does not hold any more. */
export async function identify(store: Store, token: unknown, secret: string): Promise<VerifiedAccess | null> {
  if (typeof token !== 'string' || token.length > 4096) return null
  const access = await verifyAccessToken(token, { secret }).catch(() => null)
  return access !== null && (await stillHolds(store, access)) ? access : null
}

/** The user is active, the token not revoked, the tenant not closed. @throws Outage */
export async function stillHolds(store: Store, access: VerifiedAccess): Promise<boolean> {
  const user = await findSessionUser(store, access)
  if (user === null || user.role !== access.role) return false
  return (await getCachedTenant(store, access.tenantId)).status === 'active'
}
