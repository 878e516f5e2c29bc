import { type VerifiedAccess, verifyAccessToken } from '#shared/auth/access-token.ts'
import { ApiError } from '#shared/domain/errors.ts'
import { getCachedTenant } from '#shared/store/accounts/tenants.ts'
import { findActiveUsers } from '#shared/store/accounts/users.ts'
import type { Store } from '#shared/store/connect.ts'

/** Verifies a socket's token and checks it against the store; null when it is not valid or no longer in force. @throws Outage */
export async function identify(store: Store, token: unknown, secret: string): Promise<VerifiedAccess | null> {
  if (typeof token !== 'string' || token.length > 4096) return null
  const access = await verifyAccessToken(token, { secret }).catch(() => null)
  if (access === null) return null
  const ended = await findEnded(store, [access])
  return ended.has(access) ? null : access
}

/**
 * The sessions that are no longer valid: the user is disabled or deleted, the token revoked, the role changed, or the tenant
 * closed. At most two queries for each tenant. @throws Outage
 */
export async function findEnded(store: Store, sessions: Iterable<VerifiedAccess>): Promise<Set<VerifiedAccess>> {
  const ended = new Set<VerifiedAccess>()
  for (const [tenantId, own] of Map.groupBy(sessions, session => session.tenantId)) {
    const users = (await isOpen(store, tenantId)) ? await activeUsers(store, tenantId, own) : new Map<string, Grant>()
    for (const session of own) {
      const user = users.get(session.userId)
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
