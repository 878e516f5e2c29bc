import { asUpdate, inState, inStates } from '../../domain/messages/dispatch.ts'
import type { Dispatch, EventDoc, Id, MessageDoc } from '../../model/documents.ts'
import type { Store } from '../connect.ts'
import { orOutage } from '../outage.ts'
import { BELL_FIELDS, finishMessages } from './finish.ts'
import type { Settlement } from './outcome-writes.ts'

/** What the sweeps look for, over all tenants. `now` is MongoDB's time. All of it throws Outage. */

/** Numbers with rows in this state: few, found by their index alone. */
export async function numbersWith(store: Store, state: Dispatch['state']): Promise<string[]> {
  return await orOutage(store.raw.messages.distinct('phoneNumberId', inState(state)))
}

/** Rows of a number that wait and are due, the longest due first. */
export async function findDue(store: Store, phoneNumberId: string, now: Date, limit: number): Promise<MessageDoc[]> {
  const filter = { ...inState('WAITING'), phoneNumberId, 'dispatch.nextStepAt': { $lte: now } }
  return await orOutage(
    store.raw.messages
      .find(filter, { projection: { ...BELL_FIELDS, dispatch: 1 } })
      .sort({ 'dispatch.nextStepAt': 1 })
      .limit(limit)
      .toArray(),
  )
}

/** Rows that are ready while nobody takes them: their bell was lost, or never rung. */
export async function findNotTaken(store: Store, phoneNumberId: string, now: Date, limit: number): Promise<MessageDoc[]> {
  const notTakenSince = new Date(now.getTime() - NEVER_RUNG_MS)
  const filter = {
    ...inState('READY'),
    phoneNumberId,
    $or: [{ 'dispatch.nextStepAt': { $lte: now } }, { 'dispatch.nextStepAt': null, createdAt: { $lte: notTakenSince } }],
  }
  const rows = store.raw.messages.find(filter, { projection: { ...BELL_FIELDS, dispatch: 1 } })
  return await orOutage(rows.limit(limit).toArray())
}

const NEVER_RUNG_MS = 3000

/**
 * Rows that waited for their number to be resumed become due, in the order of their creation. Their time to expire starts
 * anew: the pause does not count. @returns how many
 */
export async function releasePaused(
  store: Store,
  number: { phoneNumberId: string; tenantId: Id },
  options: { now: Date; expireAt: Date; limit: number },
): Promise<number> {
  const waiting = {
    tenantId: number.tenantId,
    phoneNumberId: number.phoneNumberId,
    ...inState('WAITING'),
    'dispatch.nextStepAt': null,
  }
  const rows = await orOutage(
    store.raw.messages
      .find(waiting, { projection: { _id: 1 } })
      .sort({ _id: 1 })
      .limit(options.limit)
      .toArray(),
  )
  if (rows.length === 0) return 0
  const $set = asUpdate({ nextStepAt: options.now, deadlineAt: options.expireAt })
  await orOutage(store.raw.messages.updateMany({ ...waiting, _id: { $in: rows.map(row => row._id) } }, { $set }))
  return rows.length
}

/** Taken by a process that lives no more, or for longer than a call may last: nobody will tell how it ended. */
export async function findAbandoned(store: Store, now: Date, liveOwners: string[], limit: number): Promise<MessageDoc[]> {
  const filter = {
    ...inState('TAKEN'),
    $or: [{ 'dispatch.leaseUntil': { $lte: now } }, { 'dispatch.owner': { $nin: liveOwners } }],
  }
  return await orOutage(store.raw.messages.find(filter).limit(limit).toArray())
}

/** Attempts whose outcome nobody told in time, of all numbers or of one. */
export async function findUnsettled(store: Store, now: Date, limit: number, phoneNumberId?: string): Promise<MessageDoc[]> {
  const due = {
    ...inState('UNKNOWN'),
    'dispatch.deadlineAt': { $lte: now },
    ...(phoneNumberId && { phoneNumberId }),
  }
  return await orOutage(store.raw.messages.find(due).limit(limit).toArray())
}

/** Attempts that have been without an answer for so long that the next message of their conversation may go. */
export async function findUnblocking(store: Store, now: Date, limit: number, phoneNumberId?: string): Promise<MessageDoc[]> {
  const due = { ...unblocking(now), ...(phoneNumberId && { phoneNumberId }) }
  return await orOutage(store.raw.messages.find(due).limit(limit).toArray())
}

/** They are told once. */
export async function markUnblocked(store: Store, rows: readonly MessageDoc[], now: Date): Promise<void> {
  if (rows.length === 0) return
  const these = { _id: { $in: rows.map(row => row._id) }, tenantId: { $in: rows.map(row => row.tenantId) } }
  await orOutage(store.raw.messages.updateMany({ ...these, ...unblocking(now) }, { $set: asUpdate({ nextStepAt: null }) }))
}

const unblocking = (now: Date) => ({ ...inState('UNKNOWN'), 'dispatch.nextStepAt': { $lte: now } })

/** Chat rows still to be sent that were created before `before`, oldest first, from `after` on. */
export async function findOld(store: Store, options: { before: Date; after: Id | null; limit: number }): Promise<MessageDoc[]> {
  const filter = {
    ...inStates('READY', 'WAITING'),
    'dispatch.priority': 'chat' as const,
    createdAt: { $lte: options.before },
    // Whatever waits for its time is not old.
    $nor: [{ 'dispatch.reason': 'scheduled' as const, 'dispatch.nextStepAt': { $gt: options.before } }],
    ...(options.after && { _id: { $gt: options.after } }),
  }
  return await orOutage(store.raw.messages.find(filter).sort({ _id: 1 }).limit(options.limit).toArray())
}

/**
 * Ends a message by our own judgement, if it is still where the sweep found it: in a transaction, for a status that comes
 * in this moment must not be followed by our failure. Null when it moved on.
 */
export async function settleOne(store: Store, settlement: Settlement): Promise<EventDoc[] | null> {
  const { message } = settlement
  const { state, attempt } = message.dispatch as Dispatch
  return await store.transaction(async session => {
    const filter = { _id: message._id, tenantId: message.tenantId, ...inState(state), 'dispatch.attempt': attempt }
    const isStill = await store.raw.messages.findOne(filter, { session, projection: { _id: 1 } })
    return isStill && (await finishMessages(store, [settlement], session))
  })
}

/** Effects whose events may never have been published: realtime gives each its `seq` within moments. */
export async function findUnpublished(store: Store, before: Date, limit: number): Promise<EventDoc[]> {
  const rows = store.raw.events.find({ seq: null, createdAt: { $lte: before } }).sort({ createdAt: 1 })
  return await orOutage(rows.limit(limit).toArray())
}
