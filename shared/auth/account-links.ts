import { createHash, randomBytes } from 'node:crypto'
import { ApiError } from '../domain/errors.ts'
import type { AccountLinkDoc, Id, TenantDoc, UserDoc } from '../model/documents.ts'
import { revokeRefreshTokens } from '../store/accounts/sessions.ts'
import { getTenant } from '../store/accounts/tenants.ts'
import { findUser } from '../store/accounts/users.ts'
import type { Store } from '../store/connect.ts'
import { acrossTenants } from '../store/tenancy/tenancy.ts'
import type { Alongside, Session } from '../store/transaction.ts'

/** Time for which a link works. */
export const LINK_TTL_MS = 24 * 3_600_000
const TOKEN = /^[\w-]{43}$/

export interface NewLink {
  /** 256 bits in base64url. Only its hash is stored. */
  token: string
  purpose: AccountLinkDoc['purpose']
  expiresAt: Date
}

/**
 * Address of a link. The token stands behind `#`, which browsers send to nobody: it is in no log and in no `Referer`.
 * @param base address of the dashboard
 */
export const linkAddress = (base: string, { token }: Pick<NewLink, 'token'>): string =>
  `${base.replace(/\/+$/, '')}/welcome#token=${token}`

/** Makes a link for a user, within a transaction; earlier links of the user end. Who never had a password is invited. */
export async function createLink(
  { models }: Store,
  user: Pick<UserDoc, '_id' | 'tenantId' | 'status'>,
  { by, now = new Date() }: { by: Id | null; now?: Date },
  session: Session,
): Promise<NewLink> {
  const token = randomBytes(32).toString('base64url')
  const purpose = user.status === 'invited' ? 'invitation' : 'reset'
  const expiresAt = new Date(now.getTime() + LINK_TTL_MS)
  const { tenantId, _id: userId } = user
  const earlier = { tenantId, userId, usedAt: null, revokedAt: null }
  await models.accountLinks.updateMany(earlier, { $set: { revokedAt: now } }, { session })
  const row = { tenantId, userId, purpose, tokenHash: hashOf(token), createdAt: now, expiresAt, createdBy: by } as const
  await models.accountLinks.create([row], { session })
  return { token, purpose, expiresAt }
}

export interface OpenLink {
  link: AccountLinkDoc
  user: UserDoc
  tenant: TenantDoc
}

/** What a link stands for; null when it is unknown, used or too old, or its user or tenant may not sign in. */
export async function findOpenLink(store: Store, token: string, now = new Date()): Promise<OpenLink | null> {
  if (!TOKEN.test(token)) return null
  const link = await acrossTenants(() => store.models.accountLinks.findOne({ tokenHash: hashOf(token) }).lean())
  if (link === null || link.usedAt !== null || link.revokedAt !== null || link.expiresAt <= now) return null
  return await acrossTenants(async () => {
    const user = await findUser(store, link.tenantId, link.userId)
    if (user === null || user.status === 'disabled') return null
    const tenant = await getTenant(store, link.tenantId)
    return tenant.status === 'active' || user.role === 'platform_admin' ? { link, user, tenant } : null
  })
}

/**
 * Uses a link up: the user has the password, may sign in, and every session from before ends.
 * @throws ApiError 410 LINK_INVALID when it was used or replaced meanwhile
 */
export async function acceptLink(
  store: Store,
  { link, user }: OpenLink,
  { passwordHash, name = user.name, now = new Date() }: { passwordHash: string; name?: string | undefined; now?: Date },
  alongside?: Alongside<UserDoc>,
): Promise<UserDoc> {
  const { tenantId } = link
  return await acrossTenants(() =>
    store.transaction(async session => {
      const open = { tenantId, _id: link._id, usedAt: null, revokedAt: null }
      const used = await store.models.accountLinks.updateOne(open, { $set: { usedAt: now } }, { session })
      if (used.modifiedCount === 0) throw linkInvalid()
      const may = { tenantId, _id: user._id, status: user.status, deletedAt: null }
      const update = { $set: { passwordHash, name, status: 'active' as const }, $inc: { tokenVersion: 1 } }
      const after = await store.models.users.findOneAndUpdate(may, update, { session, returnDocument: 'after' }).lean()
      if (after === null) throw linkInvalid()
      await revokeRefreshTokens(store, { tenantId, userId: user._id }, now, session)
      await alongside?.(after, session)
      return after
    }),
  )
}

export const linkInvalid = () =>
  new ApiError(410, 'LINK_INVALID', 'This link does not work any more. Ask your administrator for a new one.')

const hashOf = (token: string) => createHash('sha256').update(token, 'utf8').digest('hex')
