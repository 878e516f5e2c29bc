import { notFound } from '../../domain/errors.ts'
import type { Id, RefreshTokenDoc } from '../../model/documents.ts'
import { type Store, trusted } from '../connect.ts'
import type { Alongside, Session } from '../transaction.ts'

/** A sign-in that has not ended: the refresh token that would continue it. */
export interface UserSession {
  id: string
  startedAt: Date
  /** When its last refresh token was issued. */
  lastUsedAt: Date
  expiresAt: Date
  userAgent: string | null
  ip: string | null
}

interface Owner {
  tenantId: Id | string
  userId: Id | string
}

/** The open sessions of a user, the one used last first; at most 200. */
export async function listSessions(store: Store, { tenantId, userId }: Owner, now: Date): Promise<UserSession[]> {
  const filter = { tenantId, userId, revokedAt: null, usedAt: null, expiresAt: trusted({ $gt: now }) }
  const rows = await store.models.refreshTokens.find(filter).sort({ createdAt: -1, _id: -1 }).limit(200).lean()
  // A token that was repeated within the grace time has two successors.
  const newest = new Map<string, RefreshTokenDoc>()
  for (const row of rows) if (!newest.has(row.familyId)) newest.set(row.familyId, row)
  return [...newest.values()].map(row => ({
    id: row.familyId,
    startedAt: row.startedAt ?? row.createdAt,
    lastUsedAt: row.createdAt,
    expiresAt: row.expiresAt,
    userAgent: row.userAgent,
    ip: row.ip ?? null,
  }))
}

/**
 * Ends one session of a user, or all. Every access token and socket of the user ends with it: sessions that go on get new tokens by
 * their refresh tokens. @throws ApiError 404 for a session that is unknown, has ended, or belongs to somebody else
 */
export async function endSessions(
  store: Store,
  { tenantId, userId, sessionId }: Owner & { sessionId?: string },
  now: Date,
  alongside?: Alongside<{ ended: number }>,
): Promise<void> {
  await store.transaction(async session => {
    const owner = { tenantId, userId, ...(sessionId !== undefined && { familyId: sessionId }) }
    const ended = await revokeRefreshTokens(store, owner, now, session)
    if (sessionId !== undefined && ended === 0) throw notFound('Session')
    await store.models.users.updateOne({ tenantId, _id: userId }, { $inc: { tokenVersion: 1 } }, { session })
    await alongside?.({ ended }, session)
  })
}

/** Revokes the refresh tokens of a user, or of one of their sessions, within a transaction. @returns how many were in force */
export async function revokeRefreshTokens(
  { models }: Store,
  owner: Owner & { familyId?: string },
  now: Date,
  session: Session,
): Promise<number> {
  const filter = { ...owner, revokedAt: null, expiresAt: trusted({ $gt: now }) }
  const { modifiedCount } = await models.refreshTokens.updateMany(filter, { $set: { revokedAt: now } }, { session })
  return modifiedCount
}
