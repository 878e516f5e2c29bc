import { notFound } from '../../domain/errors.ts'
import type { Id, UserDoc } from '../../model/documents.ts'
import { type Store, trusted } from '../connect.ts'
import { acrossTenants } from '../tenancy/tenancy.ts'

/** The user with this address, of any tenant, for signing in. Disabled and deleted users are included: the caller decides. */
export async function findUserByEmail(store: Store, email: string): Promise<UserDoc | null> {
  return await acrossTenants(() => store.models.users.findOne({ email: email.trim().toLowerCase() }).lean())
}

/** The user whom an identity provider knows by this id, of any tenant; null for none. Disabled users are included. */
export async function findUserByIdentity(
  store: Store,
  { issuer, subject }: NonNullable<UserDoc['identity']>,
): Promise<UserDoc | null> {
  const filter = { 'identity.issuer': issuer, 'identity.subject': subject, deletedAt: null }
  return await acrossTenants(() => store.models.users.findOne(filter).lean())
}

/** A bcrypt hash that some user still has from a former system; null when there is none. Keep the answer. */
export async function findBcryptHash(store: Store): Promise<string | null> {
  const passwordHash = trusted({ $gte: '$2', $lt: '$3' })
  const user = await acrossTenants(() =>
    store.models.users.findOne({ passwordHash, deletedAt: null }, { passwordHash: 1 }).lean(),
  )
  return user?.passwordHash ?? null
}

/** The user with this id; null for unknown, deleted and other tenants' users alike. */
export async function findUser(store: Store, tenantId: Id | string, userId: Id | string): Promise<UserDoc | null> {
  return await store.models.users.findOne({ tenantId, _id: userId, deletedAt: null }).lean()
}

/** @throws ApiError 404 */
export async function getUser(store: Store, tenantId: Id | string, userId: Id | string): Promise<UserDoc> {
  const user = await findUser(store, tenantId, userId)
  if (user === null) throw notFound('User')
  return user
}

/**
 * The user of an access token if the token is still valid: the user is active, and neither password nor role has changed since it
 * was issued. The token itself cannot show this.
 */
export async function findSessionUser(
  store: Store,
  session: { tenantId: string; userId: string; tokenVersion: number },
): Promise<UserDoc | null> {
  const user = await findUser(store, session.tenantId, session.userId)
  return user?.status === 'active' && user.tokenVersion === session.tokenVersion ? user : null
}

export type SessionUser = Pick<UserDoc, '_id' | 'tokenVersion' | 'role' | 'name' | 'email'>

/**
 * The active ones of the given users, with the fields that their sessions must match, and those that their colleagues see.
 * @param mustHaveFactor leaves out who signs in with a password and has no second factor
 */
export async function findActiveUsers(
  store: Store,
  tenantId: Id | string,
  userIds: readonly string[],
  mustHaveFactor = false,
): Promise<SessionUser[]> {
  const factor = trusted({ $or: [{ passwordHash: null }, { 'secondFactor.confirmedAt': trusted({ $ne: null }) }] })
  const filter = {
    ...{ tenantId, _id: trusted({ $in: [...userIds] }), status: 'active' as const, deletedAt: null },
    ...(mustHaveFactor && factor),
  }
  return await store.models.users.find(filter, { tokenVersion: 1, role: 1, name: 1, email: 1 }).lean()
}

/** Active agents of the tenant who take new conversations. */
export async function findAvailableAgents(
  store: Store,
  tenantId: Id | string,
): Promise<Pick<UserDoc, '_id' | 'lastAssignedAt'>[]> {
  const availability = trusted({ $nin: ['busy', 'offline'] as const })
  const filter = { tenantId, role: 'agent' as const, status: 'active' as const, deletedAt: null, availability }
  return await store.models.users.find(filter, { lastAssignedAt: 1 }).lean()
}

/** The active ones of connected users who have not set themselves offline. */
export async function findPresentUsers(store: Store, tenantId: Id | string, userIds: readonly string[]): Promise<UserDoc[]> {
  const availability = trusted({ $ne: 'offline' as const })
  const filter = { tenantId, _id: trusted({ $in: [...userIds] }), status: 'active' as const, deletedAt: null, availability }
  return await store.models.users.find(filter).lean()
}

/** Names of users, also of deleted ones, by user id. */
export async function findUserNames(
  store: Store,
  tenantId: Id | string,
  userIds: readonly string[],
): Promise<Map<string, string>> {
  if (userIds.length === 0) return new Map()
  const users = await store.models.users.find({ tenantId, _id: trusted({ $in: [...userIds] }) }, { name: 1 }).lean()
  return new Map(users.map(({ _id, name }) => [String(_id), name]))
}

/** The availability of users for new conversations, by user id. */
export async function findAvailabilities(
  store: Store,
  tenantId: Id | string,
  userIds: readonly string[],
): Promise<Map<string, UserDoc['availability']>> {
  const filter = { tenantId, _id: trusted({ $in: [...userIds] }) }
  const users = await store.models.users.find(filter, { availability: 1 }).lean()
  return new Map(users.map(({ _id, availability }) => [String(_id), availability]))
}

/** The admin whom a tenant was created with. @throws ApiError 404 */
export async function getFirstAdmin(store: Store, tenantId: Id | string): Promise<UserDoc> {
  const filter = { tenantId, role: 'tenant_admin' as const, deletedAt: null }
  const admin = await store.models.users.findOne(filter).sort({ createdAt: 1, _id: 1 }).lean()
  if (admin === null) throw notFound('User')
  return admin
}

/** Sets whether a user takes new conversations. */
export async function setAvailability(
  store: Store,
  tenantId: Id | string,
  userId: Id | string,
  availability: UserDoc['availability'],
): Promise<void> {
  await store.models.users.updateOne({ tenantId, _id: userId }, { $set: { availability } })
}

/** Replaces the password hash by one of the current algorithm. @returns false when the password changed meanwhile */
export async function replacePasswordHash(store: Store, user: UserDoc, passwordHash: string): Promise<boolean> {
  const filter = { tenantId: user.tenantId, _id: user._id, passwordHash: user.passwordHash }
  const result = await store.models.users.updateOne(filter, { $set: { passwordHash } })
  return result.modifiedCount === 1
}

/** Ends all access tokens of a user: after a change of password or role, and on deactivation. */
export async function raiseTokenVersion(store: Store, tenantId: Id | string, userId: Id | string): Promise<void> {
  await store.models.users.updateOne({ tenantId, _id: userId }, { $inc: { tokenVersion: 1 } })
}

/** Sets `lastSeenAt`, rounded down to the minute, so that a busy user changes the row once a minute. */
export async function touchUser(store: Store, tenantId: Id | string, userId: Id | string, now: Date): Promise<void> {
  const lastSeenAt = new Date(Math.floor(now.getTime() / 60_000) * 60_000)
  await store.models.users.updateOne({ tenantId, _id: userId }, { $max: { lastSeenAt } }, { timestamps: false })
}

/** Notes that sign-ins to the account were locked. The next sign-in shows it. */
export async function markLocked(store: Store, { tenantId, _id }: Pick<UserDoc, 'tenantId' | '_id'>, at: Date): Promise<void> {
  await store.models.users.updateOne({ tenantId, _id }, { $max: { lastLockedAt: at } }, { timestamps: false })
}

/** Removes the mark that a sign-in has shown; a later lock stays for the next one. */
export async function clearLocked(store: Store, { tenantId, _id, lastLockedAt }: UserDoc): Promise<void> {
  if (!lastLockedAt) return
  await store.models.users.updateOne({ tenantId, _id, lastLockedAt }, { $unset: { lastLockedAt: 1 } }, { timestamps: false })
}

/** The platform admins, the oldest first: over all tenants, for the operator's command line. */
export async function findPlatformAdmins(store: Store): Promise<UserDoc[]> {
  const filter = { role: 'platform_admin' as const, deletedAt: null }
  return await acrossTenants(() => store.models.users.find(filter).sort({ createdAt: 1, _id: 1 }).limit(1000).lean())
}

/** The demo's tenants as `deploy/demo/seed.ts` writes them. Everybody knows the passwords of their users. */
const DEMO_TENANT_IDS = ['51a73e42ec91a8d14a4f573d', 'c7efc69fd42fd3466f4271cc']

/** Whether a user of the demo can sign in. */
export async function hasDemoUsers(store: Store): Promise<boolean> {
  const filter = { tenantId: trusted({ $in: DEMO_TENANT_IDS }), status: 'active' as const, deletedAt: null }
  return (await acrossTenants(() => store.models.users.exists(filter))) !== null
}
