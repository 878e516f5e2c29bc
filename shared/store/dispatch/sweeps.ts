import { asUpdate, inState, inStates } from '../../domain/messages/dispatch.ts'
import type { ClientDoc, Dispatch, EventDoc, Id, MessageDoc } from '../../model/documents.ts'
import type { Store } from '../connect.ts'
import { metaIdsOf } from '../numbers/meta-ids.ts'
import { orOutage } from '../outage.ts'
import { finishMessages, SEND_JOB_FIELDS } from './finish.ts'
import type { Settlement } from './outcome-writes.ts'

/** Queries of the sweeps, over all tenants. `now` is MongoDB's time. Every function throws Outage. */

/** Phone number ids with messages in this state, read from the index alone. */
export async function numbersWith(store: Store, state: Dispatch['state']): Promise<string[]> {
  return await orOutage(store.raw.messages.distinct('phoneNumberId', inState(state)))
}

/** WAITING messages of a number that are due, the longest due first. */
export async function findDue(store: Store, phoneNumberId: string, now: Date, limit: number): Promise<MessageDoc[]> {
  const filter = { ...inState('WAITING'), phoneNumberId, 'dispatch.nextStepAt': { $lte: now } }
  return await orOutage(
    store.raw.messages
      .find(filter, { projection: { ...SEND_JOB_FIELDS, dispatch: 1 } })
      .sort({ 'dispatch.nextStepAt': 1 })
      .limit(limit)
      .toArray(),
  )
}

/** READY messages of a number that no sender took: their send job was lost or never published. */
export async function findNotTaken(store: Store, phoneNumberId: string, now: Date, limit: number): Promise<MessageDoc[]> {
  const notTakenSince = new Date(now.getTime() - NEVER_ENQUEUED_MS)
  const filter = {
    ...inState('READY'),
    phoneNumberId,
    $or: [{ 'dispatch.nextStepAt': { $lte: now } }, { 'dispatch.nextStepAt': null, createdAt: { $lte: notTakenSince } }],
  }
  const rows = store.raw.messages.find(filter, { projection: { ...SEND_JOB_FIELDS, dispatch: 1 } })
  return await orOutage(rows.limit(limit).toArray())
}

const NEVER_ENQUEUED_MS = 3000

/**
 * Makes messages due that waited for their number to be resumed, in the order of their creation. Their time to expire starts
 * again, without the pause. @returns how many messages
 */
export async function releasePaused(
  store: Store,
  number: Pick<ClientDoc, 'phoneNumberId' | 'formerPhoneNumberIds' | 'tenantId'>,
  options: { now: Date; expireAt: Date; limit: number },
): Promise<number> {
  const waiting = {
    tenantId: number.tenantId,
    phoneNumberId: { $in: metaIdsOf(number) },
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

/** TAKEN messages whose sender process has ended, or whose lease has run out: no process will write their outcome. */
export async function findAbandoned(store: Store, now: Date, liveOwners: string[], limit: number): Promise<MessageDoc[]> {
  const filter = {
    ...inState('TAKEN'),
    $or: [{ 'dispatch.leaseUntil': { $lte: now } }, { 'dispatch.owner': { $nin: liveOwners } }],
  }
  return await orOutage(store.raw.messages.find(filter).limit(limit).toArray())
}

/** UNKNOWN messages whose outcome was not reported by their deadline, of all numbers or of one. */
export async function findUnsettled(store: Store, now: Date, limit: number, phoneNumberId?: string): Promise<MessageDoc[]> {
  const due = {
    ...inState('UNKNOWN'),
    'dispatch.deadlineAt': { $lte: now },
    ...(phoneNumberId && { phoneNumberId }),
  }
  return await orOutage(store.raw.messages.find(due).limit(limit).toArray())
}

/** UNKNOWN messages that no longer block the next message of their conversation, of all numbers or of one. */
export async function findUnblocking(store: Store, now: Date, limit: number, phoneNumberId?: string): Promise<MessageDoc[]> {
  const due = { ...unblocking(now), ...(phoneNumberId && { phoneNumberId }) }
  return await orOutage(store.raw.messages.find(due).limit(limit).toArray())
}

/** Marks messages as unblocking, so that `findUnblocking` returns them once. */
export async function markUnblocked(store: Store, rows: readonly MessageDoc[], now: Date): Promise<void> {
  if (rows.length === 0) return
  const own = { _id: { $in: rows.map(row => row._id) }, tenantId: { $in: rows.map(row => row.tenantId) } }
  await orOutage(store.raw.messages.updateMany({ ...own, ...unblocking(now) }, { $set: asUpdate({ nextStepAt: null }) }))
}

const unblocking = (now: Date) => ({ ...inState('UNKNOWN'), 'dispatch.nextStepAt': { $lte: now } })

/** Messages still to be sent whose own expiry has passed, after the id `after`. */
export async function findExpired(store: Store, options: { now: Date; after: Id | null; limit: number }): Promise<MessageDoc[]> {
  const filter = {
    ...inStates('READY', 'WAITING'),
    expiresAt: { $lte: options.now },
    ...(options.after && { _id: { $gt: options.after } }),
  }
  const rows = store.raw.messages.find(filter, { hint: 'dispatch_expiring' })
  return await orOutage(rows.sort({ _id: 1 }).limit(options.limit).toArray())
}

/** Chat messages still to be sent that were created before `before`, oldest first, after the id `after`. */
export async function findOld(store: Store, options: { before: Date; after: Id | null; limit: number }): Promise<MessageDoc[]> {
  const filter = {
    ...inStates('READY', 'WAITING'),
    'dispatch.priority': 'chat' as const,
    createdAt: { $lte: options.before },
    // A scheduled message does not count as old before its time.
    $nor: [{ 'dispatch.reason': 'scheduled' as const, 'dispatch.nextStepAt': { $gt: options.before } }],
    ...(options.after && { _id: { $gt: options.after } }),
  }
  return await orOutage(store.raw.messages.find(filter).sort({ _id: 1 }).limit(options.limit).toArray())
}

/**
 * Settles a message without a report if it is unchanged since the sweep read it. In a transaction, because the platform's failure
 * must not overwrite a status that arrives at the same time. @returns the events to publish; null when the message changed
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

/**
 * Events created before `before` that have no `seq`: realtime numbers a published event at once, so these were possibly never
 * published.
 */
export async function findUnpublished(store: Store, before: Date, limit: number): Promise<EventDoc[]> {
  const rows = store.raw.events.find({ seq: null, createdAt: { $lte: before } }).sort({ createdAt: 1 })
  return await orOutage(rows.limit(limit).toArray())
}
