import type { ClientSession, PipelineStage } from 'mongoose'
import type { Id, IdempotencyKeyDoc } from '../model/documents.ts'
import { newId } from '../model/ids.ts'
import type { Store } from './connect.ts'
import { isDuplicateKey } from './errors.ts'

type Key = Id | string

/** Duration of a reservation: after it, the reservation of a crashed process is free. */
const HELD_MS = 6000

/** The right to work for a key, until it runs out by MongoDB's clock or somebody else takes it over. */
export interface Reservation {
  tenantId: Key
  key: string
  /** Differs between attempts: an attempt that was taken over writes nothing any more. */
  holder: Id
  /** Id for what the request creates, the same in every attempt with the key. */
  resourceId: Id
  /** True when an earlier attempt began and may have created the resource. */
  isRepeat: boolean
}

/**
 * Reserves a key for a request, for 6 s by MongoDB's clock; of several concurrent callers exactly one gets it. A reservation of the
 * same request that has run out is taken over. @returns null when another request holds the key or has answered
 */
export async function reserveIdempotencyKey(
  store: Store,
  tenantId: Key,
  key: string,
  requestHash: string,
): Promise<Reservation | null> {
  const holder = newId()
  const row = await upsert(store, { tenantId, key }, takeIfFree({ requestHash, holder, resourceId: newId() }))
  if (row === null || !row.holder?.equals(holder) || row.resourceId == null) return null
  return { tenantId, key, holder, resourceId: row.resourceId, isRepeat: (row.attempts ?? 1) > 1 }
}

/** @returns null when another process created the row at the same moment */
async function upsert(
  { models }: Store,
  row: { tenantId: Key; key: string },
  update: PipelineStage.Set[],
): Promise<IdempotencyKeyDoc | null> {
  const options = { upsert: true, updatePipeline: true, timestamps: false, returnDocument: 'after' } as const
  try {
    return await models.idempotencyKeys.findOneAndUpdate(row, update, options).lean()
  } catch (error) {
    if (isDuplicateKey(error)) return null
    throw error
  }
}

function takeIfFree(mine: { requestHash: string; holder: Id; resourceId: Id }): PipelineStage.Set[] {
  const requestHash = { $literal: mine.requestHash }
  const isNew = { $eq: [{ $type: '$requestHash' }, 'missing'] }
  const hasRunOut = {
    $and: [{ $eq: ['$requestHash', requestHash] }, { $eq: ['$status', null] }, { $lt: ['$heldUntil', '$$NOW'] }],
  }
  const isFree = { $or: [isNew, hasRunOut] }
  return [
    {
      $set: {
        holder: { $cond: [isFree, mine.holder, '$holder'] },
        heldUntil: { $cond: [isFree, { $add: ['$$NOW', HELD_MS] }, '$heldUntil'] },
        attempts: { $cond: [isNew, 1, { $cond: [isFree, { $add: [{ $ifNull: ['$attempts', 1] }, 1] }, '$attempts'] }] },
        requestHash: { $cond: [isNew, requestHash, '$requestHash'] },
        resourceId: { $ifNull: ['$resourceId', mine.resourceId] },
        status: { $ifNull: ['$status', null] },
        body: { $ifNull: ['$body', null] },
        createdAt: { $ifNull: ['$createdAt', '$$NOW'] },
      },
    },
  ]
}

/** The row of a key: a reservation, or with a `status` the kept reply. */
export async function findIdempotencyKey(store: Store, tenantId: Key, key: string): Promise<IdempotencyKeyDoc | null> {
  return await store.models.idempotencyKeys.findOne({ tenantId, key }).lean()
}

/** Extends the reservation of a request that is still running. */
export async function renewIdempotencyKey(store: Store, reservation: Reservation): Promise<void> {
  await setHeldUntil(store, reservation, HELD_MS)
}

/**
 * Frees the key of a request that failed and may have had an effect: a repeat takes it over, with the same `resourceId`, and finds
 * what was created.
 */
export async function releaseIdempotencyKey(store: Store, reservation: Reservation): Promise<void> {
  await setHeldUntil(store, reservation, -1)
}

async function setHeldUntil(store: Store, { tenantId, key, holder }: Reservation, ms: number): Promise<void> {
  const update = [{ $set: { heldUntil: { $add: ['$$NOW', ms] } } }]
  const options = { updatePipeline: true, timestamps: false } as const
  await store.models.idempotencyKeys.updateOne({ tenantId, key, holder, status: null }, update, options)
}

/**
 * Keeps the reply for repeats of the request. @param session the transaction of the work, so that work and reply are there or are
 * not. @returns false when the reservation was taken over: work in that transaction must not be committed
 */
export async function keepReply(
  store: Store,
  { tenantId, key, holder }: Reservation,
  reply: { status: number; body: unknown },
  session?: ClientSession,
): Promise<boolean> {
  const within = session ? { session } : {}
  const { matchedCount } = await store.models.idempotencyKeys.updateOne({ tenantId, key, holder }, { $set: reply }, within)
  return matchedCount === 1
}

/** Deletes the reservation of a request that was refused: the next request with the key is processed as a new one. */
export async function forgetIdempotencyKey(store: Store, { tenantId, key, holder }: Reservation): Promise<void> {
  await store.models.idempotencyKeys.deleteOne({ tenantId, key, holder, status: null })
}
