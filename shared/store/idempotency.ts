import type { Id, IdempotencyKeyDoc } from '../model/documents.ts'
import { type Store, trusted } from './connect.ts'
import { isDuplicateKey } from './errors.ts'

type Key = Id | string

/** A reservation whose process died is free after this time. */
const HELD_MS = 6000

const heldUntil = () => new Date(Date.now() + HELD_MS)

/**
 * Reserves a key for a request; of several callers exactly one gets it. `takenOver`: an earlier reservation of the same
 * request had been abandoned.
 */
export async function reserveIdempotencyKey(
  store: Store,
  tenantId: Key,
  key: string,
  requestHash: string,
): Promise<{ reserved: boolean; takenOver: boolean }> {
  const { idempotencyKeys } = store.models
  const abandoned = { tenantId, key, requestHash, status: null, heldUntil: trusted({ $lt: new Date() }) }
  const { deletedCount } = await idempotencyKeys.deleteOne(abandoned)
  const takenOver = deletedCount > 0
  try {
    await idempotencyKeys.insertMany([{ tenantId, key, requestHash, status: null, body: null, heldUntil: heldUntil() }])
    return { reserved: true, takenOver }
  } catch (error) {
    if (isDuplicateKey(error)) return { reserved: false, takenOver }
    throw error
  }
}

/** A reservation or, with a `status`, the kept reply. */
export async function findIdempotencyKey(store: Store, tenantId: Key, key: string): Promise<IdempotencyKeyDoc | null> {
  return await store.models.idempotencyKeys.findOne({ tenantId, key }).lean()
}

/** The request is still at work: its reservation holds on. */
export async function renewIdempotencyKey(store: Store, tenantId: Key, key: string): Promise<void> {
  await store.models.idempotencyKeys.updateOne({ tenantId, key, status: null }, { $set: { heldUntil: heldUntil() } })
}

/** Keeps the reply for repeats of the request. */
export async function keepReply(
  store: Store,
  tenantId: Key,
  key: string,
  reply: { status: number; body: unknown },
): Promise<void> {
  await store.models.idempotencyKeys.updateOne({ tenantId, key }, { $set: reply })
}

/** The request has failed: the next one with the key starts from the beginning. */
export async function freeIdempotencyKey(store: Store, tenantId: Key, key: string): Promise<void> {
  await store.models.idempotencyKeys.deleteOne({ tenantId, key, status: null })
}
