import { type VerifiedAccess, verifyAccessToken } from '#shared/auth/access-token.ts'
import { ApiError } from '#shared/domain/errors.ts'
import { getCachedTenant } from '#shared/store/accounts/tenants.ts'
import { findActiveUsers } from '#shared/store/accounts/users.ts'
import type { Store } from '#shared/store/connect.ts'

/** Who a socket belongs to, as checked against the store; null for any token that does not hold any more. @throws Outage */
export async function identify(store: Store, token: unknown, secret: string): Promise<VerifiedAccess | null> {
  if (typeof token !== 'string' || token.length > 4096) return null
  const access = await verifyAccessToken(token, { secret }).catch(() => null)
  if (access === null) return null
  const ended = await findEnded(store, [access])
  return ended.has(access) ? null : access
}

/**
 * Those of the sessions that hold no more: the user is disabled or gone, the token revoked, the role another, the tenant
 * closed. Two queries a tenant, however many sessions. @throws Outage
 */
export async function findEnded(store: Store, sessions: Iterable<VerifiedAccess>): Promise<Set<VerifiedAccess>> {
  const ended = new Set<VerifiedAccess>()
  for (const [tenantId, its] of Map.groupBy(sessions, session => session.tenantId)) {
    const holds = (await isOpen(store, tenantId)) ? await activeUsers(store, tenantId, its) : new Map<string, Grant>()
    for (const session of its) {
      const user = holds.get(session.userId)
      if (user?.tokenVersion !== session.tokenVersion || user.role !== session.role) ended.add(session)
    }
  }
  return ended
}

interface Grant {
  tokenVersion: number
  role: string
}

async function activeUsers(store: Store, tenantId: string, sessions: VerifiedAccess[]): Promise<Map<string, Grant>> {
  const ids = [...new Set(sessions.map(session => session.userId))]
  const users = await findActiveUsers(store, tenantId, ids)
  return new Map(users.map(user => [String(user._id), user]))
}

async function isOpen(store: Store, tenantId: string): Promise<boolean> {
  try {
    return (await getCachedTenant(store, tenantId)).status === 'active'
  } catch (error) {
    if (error instanceof ApiError) return false
    throw error
  }
}
