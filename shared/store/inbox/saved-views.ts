import { ApiError, notFound } from '../../domain/errors.ts'
import type { Id, SavedViewDoc } from '../../model/documents.ts'
import type { Store } from '../connect.ts'
import { isDuplicateKey } from '../errors.ts'
import { mine } from './quick-replies.ts'

type Key = Id | string

/** Views that one owner, or the account, can have. */
const MOST = 100

/** Views of everybody and of one user, by name. */
export async function listSavedViews({ models }: Store, tenantId: Key, userId: Key): Promise<SavedViewDoc[]> {
  const rows = await models.savedViews.find({ tenantId, ...mine(userId), deletedAt: null }).lean()
  return rows.toSorted((a, b) => a.name.localeCompare(b.name))
}

/** @throws ApiError 404 for unknown ones and those of another user alike */
export async function getSavedView({ models }: Store, tenantId: Key, id: Key, userId: Key): Promise<SavedViewDoc> {
  const view = await models.savedViews.findOne({ tenantId, _id: id, ...mine(userId), deletedAt: null }).lean()
  if (view === null) throw notFound('View')
  return view
}

export async function findSavedView({ models }: Store, tenantId: Key, id: Key): Promise<SavedViewDoc | null> {
  return await models.savedViews.findOne({ tenantId, _id: id }).lean()
}

/** @throws ApiError 409 VIEW_EXISTS, 422 VIEWS_TOO_MANY */
export async function createSavedView({ models }: Store, row: SavedViewDoc): Promise<SavedViewDoc> {
  const { tenantId, ownerId } = row
  if ((await models.savedViews.countDocuments({ tenantId, ownerId, deletedAt: null }, { limit: MOST })) >= MOST)
    throw new ApiError(422, 'VIEWS_TOO_MANY', `There can be at most ${MOST} views.`)
  await orExists(() => models.savedViews.insertMany([row]))
  return row
}

/** @throws ApiError 404, 409 VIEW_EXISTS */
export async function changeSavedView(
  { models }: Store,
  { tenantId, _id }: SavedViewDoc,
  set: Partial<SavedViewDoc>,
): Promise<SavedViewDoc> {
  const change = models.savedViews.findOneAndUpdate(
    { tenantId, _id, deletedAt: null },
    { $set: set },
    { returnDocument: 'after' },
  )
  const changed = await orExists(() => change.lean())
  if (changed === null) throw notFound('View')
  return changed
}

async function orExists<T>(work: () => PromiseLike<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isDuplicateKey(error)) throw error
    throw new ApiError(409, 'VIEW_EXISTS', 'A view with this name already exists.', { cause: error })
  }
}
