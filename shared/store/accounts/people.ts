import type { QueryFilter } from 'mongoose'
import { ApiError, notFound } from '../../domain/errors.ts'
import type { Id, Role, UserDoc } from '../../model/documents.ts'
import { newId } from '../../model/ids.ts'
import { type Store, trusted } from '../connect.ts'
import { isDuplicateKey } from '../errors.ts'
import { findPage, type Page, type PageRequest, searching } from '../pages.ts'
import { searchPattern } from '../search.ts'
import type { Alongside, Session } from '../transaction.ts'
import { revokeRefreshTokens } from './sessions.ts'
import { takeTurn } from './tenants.ts'

export interface PeopleFilter {
  role?: Role | undefined
  status?: UserDoc['status'] | undefined
  /** Part of a name or an address. */
  q?: string | undefined
}

/** The users of a tenant, newest first. Deleted ones are left out. */
export async function listUsers(
  store: Store,
  tenantId: Id | string,
  { role, status, q }: PeopleFilter,
  page: PageRequest,
): Promise<Page<UserDoc>> {
  const pattern = q === undefined ? null : trusted({ $regex: searchPattern(q), $options: 'i' })
  const filter = {
    tenantId,
    deletedAt: null,
    ...(role && { role }),
    ...(status && { status }),
    ...(pattern && { $or: [{ name: pattern }, { email: pattern }] }),
  } as QueryFilter<UserDoc>
  return await findPage(store.models.users, filter, 'createdAt', page, searching(q))
}

/** Names of the active users of a tenant, by name: for whom a conversation may be assigned to. At most 1,000. */
export async function listUserNames(
  store: Store,
  tenantId: Id | string,
): Promise<Pick<UserDoc, '_id' | 'name' | 'role' | 'availability'>[]> {
  return await store.models.users
    .find({ tenantId, status: 'active', deletedAt: null }, { name: 1, role: 1, availability: 1 })
    .sort({ name: 1, _id: 1 })
    .limit(1000)
    .lean()
}

export type NewUser = Pick<UserDoc, 'tenantId' | 'email' | 'name' | 'role' | 'status' | 'passwordHash'> & {
  _id?: Id
  createdBy: Id | null
  identity?: NonNullable<UserDoc['identity']>
}

/** Adds a user together with what belongs to them. @throws ApiError 409 EMAIL_TAKEN: an address is unique on the whole platform */
export async function insertUser(store: Store, user: NewUser, alongside?: Alongside<UserDoc>): Promise<UserDoc> {
  try {
    return await store.transaction(session => insertUserWithin(store, user, session, alongside))
  } catch (error) {
    throw isDuplicateKey(error) ? emailTaken(error) : error
  }
}

/** `insertUser` within a transaction. @throws the duplicate key itself, which has ended the transaction */
export async function insertUserWithin(
  store: Store,
  user: NewUser,
  session: Session,
  alongside?: Alongside<UserDoc>,
): Promise<UserDoc> {
  const [row] = await store.models.users.create([{ ...user, _id: user._id ?? newId() }], { session })
  if (row === undefined) throw new Error('a user was not inserted')
  const created = row.toObject()
  await alongside?.(created, session)
  return created
}

export const emailTaken = (cause?: unknown) =>
  new ApiError(409, 'EMAIL_TAKEN', 'A user with this e-mail address exists already. An address can belong to one account only.', {
    errors: [{ path: 'email', message: 'Is taken' }],
    cause,
  })

export type UserChange = Partial<
  Pick<UserDoc, 'name' | 'email' | 'role' | 'status' | 'passwordHash' | 'secondFactor' | 'identity' | 'deletedAt'>
>

export interface ChangedUser {
  before: UserDoc
  after: UserDoc
}

/**
 * Changes a user. With another role or status all sessions of the user end: access tokens by their version, refresh tokens by being
 * revoked. Changes of one tenant's people run one after the other, so that two admins cannot remove each other.
 * @param decide says what changes, or throws ApiError; `hasOtherAdmin` tells whether another tenant admin can sign in
 * @throws ApiError 404, 409 EMAIL_TAKEN, and what `decide` throws
 */
export async function changeUser(
  store: Store,
  { tenantId, userId, by }: { tenantId: Id | string; userId: Id | string; by: Id },
  decide: (before: UserDoc, hasOtherAdmin: boolean) => UserChange,
  alongside?: Alongside<ChangedUser>,
): Promise<ChangedUser> {
  try {
    return await store.transaction(async session => {
      const before = await store.models.users.findOne({ tenantId, _id: userId, deletedAt: null }, null, { session }).lean()
      if (before === null) throw notFound('User')
      await takeTurn(store, before.tenantId, session)
      const change = decide(before, await hasOtherAdmin(store, before, session))
      const endsSessions = endsSessionsOf(before, change)
      // A background job gives their conversations back.
      const leaves = change.status === 'disabled' && { conversationsReleasedAt: null }
      const update = { $set: { ...change, ...leaves, updatedBy: by }, ...(endsSessions && { $inc: { tokenVersion: 1 } }) }
      const filter = { tenantId, _id: userId, deletedAt: null }
      const after = await store.models.users.findOneAndUpdate(filter, update, { session, returnDocument: 'after' }).lean()
      if (after === null) throw notFound('User')
      if (endsSessions) await revokeRefreshTokens(store, { tenantId, userId }, new Date(), session)
      await alongside?.({ before, after }, session)
      return { before, after }
    })
  } catch (error) {
    throw isDuplicateKey(error) ? emailTaken(error) : error
  }
}

/**
 * Binds a user to whom an identity provider knows them as, with the status and role that follow. Sessions end as in `changeUser`.
 * @throws ApiError 404 when the user changed meanwhile
 */
export async function bindIdentity(
  store: Store,
  user: UserDoc,
  change: Required<Pick<UserDoc, 'identity' | 'status' | 'role'>>,
  alongside: Alongside<UserDoc>,
): Promise<UserDoc> {
  const { tenantId, _id: userId } = user
  // Who was invited had no sessions yet.
  const endsSessions = change.role !== user.role
  return await store.transaction(async session => {
    const filter = { tenantId, _id: userId, status: user.status, role: user.role, deletedAt: null }
    const update = { $set: change, ...(endsSessions && { $inc: { tokenVersion: 1 } }) }
    const after = await store.models.users.findOneAndUpdate(filter, update, { session, returnDocument: 'after' }).lean()
    if (after === null) throw notFound('User')
    if (endsSessions) await revokeRefreshTokens(store, { tenantId, userId }, new Date(), session)
    await alongside(after, session)
    return after
  })
}

/** Whether a change ends the sessions of its user. */
export const endsSessionsOf = (before: UserDoc, change: UserChange): boolean =>
  (change.role !== undefined && change.role !== before.role) || (change.status !== undefined && change.status !== before.status)

async function hasOtherAdmin({ models }: Store, { tenantId, _id }: UserDoc, session: Session): Promise<boolean> {
  const filter = {
    tenantId,
    _id: trusted({ $ne: _id }),
    role: 'tenant_admin' as const,
    status: 'active' as const,
    deletedAt: null,
  }
  return (await models.users.findOne(filter, { _id: 1 }, { session }).lean()) !== null
}
