import type { ConversationDoc, EventDoc, Id, TenantDoc, UserDoc } from '../../model/documents.ts'
import { newId } from '../../model/ids.ts'
import { conversationAssigned, conversationEdited } from '../../views/events.ts'
import { type Store, trusted } from '../connect.ts'
import { insertEvents } from '../events/insert.ts'
import { acrossTenants } from '../tenancy/tenancy.ts'
import type { Session } from '../transaction.ts'
import { WAITS } from './conversations.ts'

/** Accounts whose conversations are assigned by themselves. */
export async function findAssigningTenants({ models }: Store): Promise<TenantDoc[]> {
  const mode = trusted({ $in: ['round-robin', 'least-busy'] as const })
  return await models.tenants.find({ 'settings.assignment.mode': mode, status: 'active', deletedAt: null }).lean()
}

/** Conversations of nobody whose customers wait, the longest wait first. */
export async function findUnassigned({ models }: Store, tenantId: Id, limit: number): Promise<ConversationDoc[]> {
  return await models.conversations
    .find({ tenantId, ...WAITS, 'assignedTo.id': null, deletedAt: null })
    .sort({ waitingSince: 1, _id: 1 })
    .limit(limit)
    .lean()
}

/** Conversations of users who are not `present`, whose customers have waited since `before`, the longest wait first. */
export async function findLeftWaiting(
  { models }: Store,
  tenantId: Id,
  { present, before, limit }: { present: readonly Id[]; before: Date; limit: number },
): Promise<ConversationDoc[]> {
  const waitingSince = trusted({ $gt: new Date(0), $lte: before })
  const assignee = trusted({ $nin: [null, ...present] })
  return await models.conversations
    .find({ tenantId, ...WAITS, waitingSince, 'assignedTo.id': assignee as never, deletedAt: null })
    .sort({ waitingSince: 1, _id: 1 })
    .limit(limit)
    .lean()
}

/** Number of open conversations by user. */
export async function countLoads({ models }: Store, tenantId: Id, userIds: readonly Id[]): Promise<Map<string, number>> {
  const rows = await models.conversations.aggregate<{ _id: Id; count: number }>([
    { $match: { tenantId, 'assignedTo.id': { $in: [...userIds] }, status: 'open' } },
    { $group: { _id: '$assignedTo.id', count: { $sum: 1 } } },
  ])
  return new Map(rows.map(({ _id, count }) => [String(_id), count]))
}

/** Disabled and deleted users of all tenants whose conversations are still theirs. */
export async function findLeavers({ models }: Store, limit: number): Promise<UserDoc[]> {
  return await acrossTenants(() => models.users.find({ status: 'disabled', conversationsReleasedAt: null }).limit(limit).lean())
}

/** Conversations of a user, open, snoozed and closed, the most recently active first. */
export async function findAssignedTo(
  { models }: Store,
  { tenantId, _id }: Pick<UserDoc, 'tenantId' | '_id'>,
  limit: number,
): Promise<ConversationDoc[]> {
  return await models.conversations
    .find({ tenantId, 'assignedTo.id': _id, deletedAt: null })
    .sort({ lastActivityAt: -1, _id: -1 })
    .limit(limit)
    .lean()
}

/** Notes that nothing of the user is left to give back, unless they were enabled meanwhile. */
export async function markReleased({ models }: Store, { tenantId, _id }: UserDoc, now: Date): Promise<void> {
  const filter = { tenantId, _id, status: 'disabled' as const }
  await models.users.updateOne(filter, { $set: { conversationsReleasedAt: now } }, { timestamps: false })
}

/** Gives a conversation back, waiting or not, unless somebody else has it by now. @returns its events */
export const release = (
  store: Store,
  before: ConversationDoc,
  now: Date,
  alongside: (session: Session) => Promise<void>,
): Promise<EventDoc[]> => move(store, { before, to: null, now, provided: {} }, alongside)

/**
 * Assigns a conversation whose customer waits, or gives it back, unless somebody was first. @param to null: nobody
 * @returns its events; empty when the conversation is not as it was read
 */
export const reassign = (
  store: Store,
  before: ConversationDoc,
  to: Pick<UserDoc, '_id' | 'name'> | null,
  now: Date,
): Promise<EventDoc[]> => move(store, { before, to, now, provided: WAITS })

/** Notes that a user was given a conversation in turn: the next turn is somebody else's. */
export async function noteAssigned(
  { models }: Store,
  { tenantId, _id }: Pick<UserDoc, 'tenantId' | '_id'>,
  lastAssignedAt: Date,
  session: Session,
): Promise<void> {
  await models.users.updateOne({ tenantId, _id }, { $set: { lastAssignedAt } }, { session })
}

interface Move {
  before: ConversationDoc
  to: Pick<UserDoc, '_id' | 'name'> | null
  now: Date
  /** What must still be true of the conversation beside its assignee. */
  provided: object
}

async function move(
  store: Store,
  { before, to, now, provided }: Move,
  alongside?: (session: Session) => Promise<void>,
): Promise<EventDoc[]> {
  const { tenantId, _id } = before
  const assignedTo = to && { id: to._id, name: to.name }
  return await store.transaction(async session => {
    const still = { tenantId, _id, 'assignedTo.id': before.assignedTo?.id ?? null, ...provided, deletedAt: null }
    const row = await store.models.conversations
      .findOneAndUpdate(still, { $set: { assignedTo } }, { session, returnDocument: 'after' })
      .lean()
    if (row === null) return []
    if (to) await noteAssigned(store, { tenantId, _id: to._id }, now, session)
    const unique = newId()
    const events = [conversationEdited(unique, row, now), conversationAssigned(unique, row, before, now)]
    await insertEvents(store, events, session)
    await alongside?.(session)
    return events
  })
}
