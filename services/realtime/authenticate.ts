import { type VerifiedAccess, verifyAccessToken } from '#shared/auth/access-token.ts'
import { ApiError } from '#shared/domain/errors.ts'
import { seesOwnOnly } from '#shared/domain/inbox/visibility.ts'
import type { TenantDoc } from '#shared/model/documents.ts'
import { getCachedTenant } from '#shared/store/accounts/tenants.ts'
import { findActiveUsers, type SessionUser } from '#shared/store/accounts/users.ts'
import type { Store } from '#shared/store/connect.ts'

/** Access of a socket, with what colleagues see of the user, as it was stored when the token was checked. */
export interface SocketAccess extends VerifiedAccess {
  /** Tenant that the user belongs to; `tenantId` is the one that the socket is in. */
  homeTenantId: string
  name: string
  email: string
}

/** Verifies a socket's token and checks it against the store; null when it is not valid or no longer in force. @throws Outage */
export async function identify(store: Store, token: unknown, secret: string): Promise<SocketAccess | null> {
  const access = verifyToken(token, secret)
  return access && (await confirm(store, access))
}

/** Access that a socket's token states with our signature; null for another token. */
export function verifyToken(token: unknown, secret: string): VerifiedAccess | null {
  if (typeof token !== 'string' || token.length > 4096) return null
  try {
    return verifyAccessToken(token, { secret })
  } catch {
    return null
  }
}

/** Checks a verified access against the store; null when it is no longer in force. @throws Outage */
export async function confirm(store: Store, access: VerifiedAccess): Promise<SocketAccess | null> {
  const user = (await usersInForce(store, access.tenantId, [access])).get(access.userId)
  const { name, email } = user ?? { name: '', email: '' }
  return isInForce(access, user) ? { ...access, homeTenantId: access.tenantId, name, email } : null
}

/**
 * The sessions that are no longer valid: the user is disabled or deleted, the token revoked, the role changed, or the tenant
 * closed. At most two queries for each tenant. @throws Outage
 */
export async function findEnded(store: Store, sessions: Iterable<SocketAccess>): Promise<Set<SocketAccess>> {
  const ended = new Set<SocketAccess>()
  for (const [tenantId, own] of Map.groupBy(sessions, session => session.homeTenantId)) {
    const users = await usersInForce(store, tenantId, own)
    for (const session of own) if (!isInForce(session, users.get(session.userId))) ended.add(session)
  }
  return ended
}

const isInForce = (session: VerifiedAccess, user: SessionUser | undefined): user is SessionUser =>
  user?.tokenVersion === session.tokenVersion && user.role === session.role

/**
 * The active users of sessions, by id; nobody who lacks the second factor that their tenant asks for. When the tenant is closed, only
 * platform admins: they may be the ones to open it again.
 */
async function usersInForce(store: Store, tenantId: string, sessions: VerifiedAccess[]): Promise<Map<string, SessionUser>> {
  const tenant = await findKnown(store, tenantId)
  const isClosed = tenant?.status !== 'active'
  const admitted = isClosed ? sessions.filter(({ role }) => role === 'platform_admin') : sessions
  if (admitted.length === 0) return new Map()
  const ids = [...new Set(admitted.map(session => session.userId))]
  const users = await findActiveUsers(store, tenantId, ids, tenant?.settings?.requireSecondFactor)
  return new Map(users.map(user => [String(user._id), user]))
}

/** Whether a user gets the events of the own conversations alone. @throws Outage */
export async function isRestricted(store: Store, { tenantId, role }: Pick<SocketAccess, 'tenantId' | 'role'>): Promise<boolean> {
  if (role !== 'agent') return false
  return seesOwnOnly((await getCachedTenant(store, tenantId)).settings, { kind: 'user', role })
}

async function findKnown(store: Store, tenantId: string): Promise<TenantDoc | null> {
  try {
    return await getCachedTenant(store, tenantId)
  } catch (error) {
    if (error instanceof ApiError) return null
    throw error
  }
}
