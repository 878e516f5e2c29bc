import { ApiError, notFound } from '../../domain/errors.ts'
import type { Id, QuickReplyDoc } from '../../model/documents.ts'
import { type Store, trusted } from '../connect.ts'
import { isDuplicateKey } from '../errors.ts'
import type { Alongside } from '../transaction.ts'

type Key = Id | string

/** Quick replies of everybody and of one user, by shortcut; the user's own comes before the account's of the same shortcut. */
export async function listQuickReplies({ models }: Store, tenantId: Key, userId: Key): Promise<QuickReplyDoc[]> {
  const rows = await models.quickReplies.find({ tenantId, ...mine(userId), deletedAt: null }).lean()
  return rows.toSorted((a, b) => compare(a.shortcut, b.shortcut) || Number(a.ownerId === null) - Number(b.ownerId === null))
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

/** What belongs to a user or to everybody. */
export const mine = (userId: Key) => ({ ownerId: trusted({ $in: [userId, null] }) })

/** @throws ApiError 404 for unknown ones and those of another user alike */
export async function getQuickReply({ models }: Store, tenantId: Key, id: Key, userId: Key): Promise<QuickReplyDoc> {
  const reply = await models.quickReplies.findOne({ tenantId, _id: id, ...mine(userId), deletedAt: null }).lean()
  if (reply === null) throw notFound('Quick reply')
  return reply
}

export async function findQuickReply({ models }: Store, tenantId: Key, id: Key): Promise<QuickReplyDoc | null> {
  return await models.quickReplies.findOne({ tenantId, _id: id }).lean()
}

/** Whether a file belongs to a quick reply that the user may use. */
export async function isOfQuickReply({ models }: Store, tenantId: Key, mediaId: Key, userId: Key): Promise<boolean> {
  return (await models.quickReplies.exists({ tenantId, ...mine(userId), mediaId, deletedAt: null })) !== null
}

/** Quick replies that one owner, or the account, can have. */
const MOST = 500

/** @throws ApiError 409 SHORTCUT_EXISTS, 422 QUICK_REPLIES_TOO_MANY */
export async function createQuickReply(
  store: Store,
  row: QuickReplyDoc,
  alongside: Alongside<QuickReplyDoc>,
): Promise<QuickReplyDoc> {
  const { tenantId, ownerId } = row
  const { quickReplies } = store.models
  if ((await quickReplies.countDocuments({ tenantId, ownerId, deletedAt: null }, { limit: MOST })) >= MOST)
    throw new ApiError(422, 'QUICK_REPLIES_TOO_MANY', `There can be at most ${MOST} quick replies.`)
  return await orExists(() =>
    store.transaction(async session => {
      await quickReplies.insertMany([row], { session })
      await alongside(row, session)
      return row
    }),
  )
}

export interface QuickReplyChange {
  before: QuickReplyDoc
  after: QuickReplyDoc
}

/** @throws ApiError 404, 409 SHORTCUT_EXISTS, and what `alongside` throws */
export async function changeQuickReply(
  store: Store,
  { tenantId, _id }: QuickReplyDoc,
  set: Partial<QuickReplyDoc>,
  alongside: Alongside<QuickReplyChange>,
): Promise<QuickReplyDoc> {
  const { quickReplies } = store.models
  const filter = { tenantId, _id, deletedAt: null }
  return await orExists(() =>
    store.transaction(async session => {
      const before = await quickReplies.findOne(filter, null, { session }).lean()
      const after = await quickReplies.findOneAndUpdate(filter, { $set: set }, { session, returnDocument: 'after' }).lean()
      if (before === null || after === null) throw notFound('Quick reply')
      await alongside({ before, after }, session)
      return after
    }),
  )
}

async function orExists<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isDuplicateKey(error)) throw error
    throw new ApiError(409, 'SHORTCUT_EXISTS', 'A quick reply with this shortcut already exists.', { cause: error })
  }
}
