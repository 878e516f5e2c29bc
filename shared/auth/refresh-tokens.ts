import { createHash, randomBytes, randomUUID } from 'node:crypto'
import type { ClientSession } from 'mongoose'
import type { Id, RefreshTokenDoc } from '../model/documents.ts'
import { revokeRefreshTokens } from '../store/accounts/sessions.ts'
import type { Store } from '../store/connect.ts'
import { acrossTenants } from '../store/tenancy/tenancy.ts'

/** Grace time in which the same token may be used again, by a second tab or after a lost answer. */
const GRACE_MS = 10_000
const MAX_GRACE_USES = 5

export interface IssuedRefreshToken {
  /** Token of 256 bits in base64url. Only its hash is stored. */
  token: string
  userId: Id
  tenantId: Id
  expiresAt: Date
}

export type Rotation =
  | ({ kind: 'rotated' } & IssuedRefreshToken)
  /** Unknown, expired or revoked token. */
  | { kind: 'invalid' }
  /** Token that was used before, on another device or too long ago: it may be stolen, so its whole family is revoked. */
  | { kind: 'reused'; userId: Id; tenantId: Id }

interface Circumstances {
  ttlMs: number
  userAgent: string | null
  /** Address of the client. */
  ip?: string | null
  now?: Date
}

/** Issues the first token of a new family, at sign-in. */
export async function issueRefreshToken(
  store: Store,
  owner: { userId: Id; tenantId: Id },
  circumstances: Circumstances,
): Promise<IssuedRefreshToken> {
  return await insertToken(store, { ...owner, familyId: randomUUID() }, circumstances)
}

/**
 * Exchanges a token for its successor. The same device may repeat this for 10 s; any other second use revokes the family. It is
 * one transaction, so that a concurrent revocation is not missed.
 */
export async function rotateRefreshToken(store: Store, token: string, circumstances: Circumstances): Promise<Rotation> {
  const now = circumstances.now ?? new Date()
  const tokenHash = hashOf(token)
  return await acrossTenants(() =>
    store.transaction(async session => {
      const row = await store.models.refreshTokens.findOne({ tokenHash }, null, { session }).lean()
      if (row === null || row.revokedAt !== null || row.expiresAt <= now) return { kind: 'invalid' }
      if (!mayUse(row, circumstances.userAgent, now)) {
        await revokeFamily(store, row.familyId, now, session)
        return { kind: 'reused', userId: row.userId, tenantId: row.tenantId }
      }
      const uses = row.usedAt === null ? { usedAt: now } : { graceUses: (row.graceUses ?? 0) + 1 }
      await store.models.refreshTokens.updateOne({ _id: row._id }, { $set: uses }, { session })
      return { kind: 'rotated', ...(await insertToken(store, row, circumstances, session)) }
    }),
  )
}

/** Session of a refresh token in force, by the id that lists show; null for any other token. */
export async function sessionIdOf(store: Store, owner: { tenantId: Id | string; userId: Id | string }, token: string) {
  const row = await store.models.refreshTokens.findOne({ ...owner, tokenHash: hashOf(token), revokedAt: null }).lean()
  return row?.familyId ?? null
}

/** Revokes the family of a token, at sign-out. An unknown token is no error. */
export async function revokeRefreshToken(store: Store, token: string, now = new Date()): Promise<void> {
  await acrossTenants(() =>
    store.transaction(async session => {
      const row = await store.models.refreshTokens.findOne({ tokenHash: hashOf(token) }, null, { session }).lean()
      if (row) await revokeFamily(store, row.familyId, now, session)
    }),
  )
}

/** Revokes all sessions of a user, after a change of password or role or a deactivation. */
export async function revokeUserTokens(
  store: Store,
  tenantId: Id | string,
  userId: Id | string,
  now = new Date(),
): Promise<void> {
  await store.transaction(async session => void (await revokeRefreshTokens(store, { tenantId, userId }, now, session)))
}

function mayUse(row: RefreshTokenDoc, userAgent: string | null, now: Date): boolean {
  if (row.usedAt === null) return true
  const isFresh = now.getTime() - row.usedAt.getTime() <= GRACE_MS
  return isFresh && row.userAgent === userAgent && (row.graceUses ?? 0) < MAX_GRACE_USES
}

async function revokeFamily(store: Store, familyId: string, now: Date, session: ClientSession): Promise<void> {
  await store.models.refreshTokens.updateMany({ familyId, revokedAt: null }, { $set: { revokedAt: now } }, { session })
}

async function insertToken(
  store: Store,
  of: { userId: Id; tenantId: Id; familyId: string; startedAt?: Date | null },
  { ttlMs, userAgent, ip = null, now = new Date() }: Circumstances,
  session?: ClientSession,
): Promise<IssuedRefreshToken> {
  const token = randomBytes(32).toString('base64url')
  const { userId, tenantId, familyId } = of
  const expiresAt = new Date(now.getTime() + ttlMs)
  const startedAt = of.startedAt ?? now
  const row = { userId, tenantId, familyId, tokenHash: hashOf(token), expiresAt, userAgent, ip, startedAt }
  await store.models.refreshTokens.create([row], { session })
  return { token, userId, tenantId, expiresAt }
}

const hashOf = (token: string) => createHash('sha256').update(token, 'utf8').digest('hex')
