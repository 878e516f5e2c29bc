import type { Id, IdempotencyKeyDoc } from '../model/documents.ts'
import { type Store, trusted } from './connect.ts'
import { isDuplicateKey } from './errors.ts'

type Key = Id | string

/** Duration of a reservation: after it, the reservation of a crashed process is free. */
const HELD_MS = 6000

const heldUntil = () => new Date(Date.now() + HELD_MS)

/**
 * Reserves a key for a request; of several concurrent callers exactly one gets it. `takenOver`: an earlier reservation of the
 * same request had expired.
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

/** The row of a key: a reservation, or with a `status` the kept reply. */
export async function findIdempotencyKey(store: Store, tenantId: Key, key: string): Promise<IdempotencyKeyDoc | null> {
  return await store.models.idempotencyKeys.findOne({ tenantId, key }).lean()
}

/** Extends the reservation of a request that is still running. */
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

/** Deletes the reservation of a failed request: the next request with the key is processed as a new one. */
export async function freeIdempotencyKey(store: Store, tenantId: Key, key: string): Promise<void> {
  await store.models.idempotencyKeys.deleteOne({ tenantId, key, status: null })
}
