import { createHmac, randomBytes } from 'node:crypto'
import type { ClientSession } from 'mongoose'
import { nextErasureCheck } from '../../domain/contacts/erasure.ts'
import type { ErasedKey, ErasureDoc, Id } from '../../model/documents.ts'
import type { Store } from '../connect.ts'
import { orOutage } from '../outage.ts'
import { perStore } from '../per-store.ts'

/**
 * Erased people, as keyed hashes of their numbers and user ids: what was on its way at the erasure is recognised by them. The key
 * lies with the tenant, so that a number has another hash at every tenant and none outside the database.
 */

const keysOf = perStore(() => new Map<string, string>())

/** Hash of a phone number or user id. */
export type HashOf = (key: string) => string

const hashWith =
  (erasureKey: string): HashOf =>
  key =>
    createHmac('sha256', Buffer.from(erasureKey, 'hex')).update(key).digest('base64url').slice(0, 22)

/** The hash of a tenant that has erased people; null for one that never has. @throws Outage */
export async function findHash(store: Store, tenantId: Id): Promise<HashOf | null> {
  const kept = keysOf(store)
  const known = kept.get(String(tenantId))
  if (known !== undefined) return hashWith(known)
  const tenant = await orOutage(store.models.tenants.findOne({ _id: tenantId }, { erasureKey: 1 }).lean())
  if (!tenant?.erasureKey) return null
  // It never changes.
  kept.set(String(tenantId), tenant.erasureKey)
  return hashWith(tenant.erasureKey)
}

/** The hash of a tenant, whose key is made at its first erasure. @throws Outage */
export async function ensureHash(store: Store, tenantId: Id): Promise<HashOf> {
  const erasureKey = randomBytes(32).toString('hex')
  await orOutage(store.models.tenants.updateOne({ _id: tenantId, erasureKey: null }, { $set: { erasureKey } }))
  const hash = await findHash(store, tenantId)
  if (hash === null) throw new Error('the tenant of an erasure does not exist')
  return hash
}

/** An erasure that begins now. */
export function newErasure(
  { _id, tenantId }: Pick<ErasureDoc, '_id' | 'tenantId'>,
  { contactIds, keys, pseudonym, at }: { contactIds: Id[]; keys: readonly string[]; pseudonym: string; at: Date },
  hash: HashOf,
): ErasureDoc {
  const hashes = [...new Set(keys.map(hash))]
  return { _id, tenantId, contactIds, hashes, pseudonym, at, nextCheckAt: nextErasureCheck(at, 0) as Date, checks: 0 }
}

/**
 * Which of these phone numbers and user ids belonged to people who were erased, each with its latest erasure.
 * @throws Outage
 */
export async function findErasedKeys(
  store: Store,
  tenantId: Id,
  keys: readonly string[],
  session?: ClientSession,
): Promise<ErasedKey[]> {
  const hash = keys.length === 0 ? null : await findHash(store, tenantId)
  if (hash === null) return []
  const byHash = new Map(keys.map(key => [hash(key), key]))
  const filter = { tenantId, hashes: { $in: [...byHash.keys()] } }
  const options = { projection: { hashes: 1, at: 1 }, sort: { at: 1 }, ...(session && { session }) } as const
  const rows = await orOutage(store.raw.erasures.find(filter, options).toArray())
  const found = rows.flatMap(({ hashes, at }) => hashes.flatMap(one => ({ key: byHash.get(one), at })))
  const latest = new Map(found.flatMap(({ key, at }) => (key === undefined ? [] : [[key, at] as const])))
  return [...latest].map(([key, at]) => ({ tenantId, key, at }))
}

/** Those of the keys whose person was erased at or after `since`: what was given before is not used. @throws Outage */
export async function findErasedSince(
  store: Store,
  tenantId: Id,
  keys: readonly string[],
  since: Date,
  session?: ClientSession,
): Promise<ReadonlySet<string>> {
  const erased = await findErasedKeys(store, tenantId, keys, session)
  return new Set(erased.flatMap(({ key, at }) => (at >= since ? key : [])))
}

/** Erasures whose next check is due, at most 10. Over all tenants. @throws Outage */
export async function findDueChecks({ raw }: Store, now: Date): Promise<ErasureDoc[]> {
  return await orOutage(
    raw.erasures
      .find({ nextCheckAt: { $lte: now } })
      .sort({ nextCheckAt: 1 })
      .limit(10)
      .toArray(),
  )
}

/** Notes a check, or forgets the erasure after the last one. @throws Outage */
export async function endCheck({ raw }: Store, { _id, tenantId, at, checks }: ErasureDoc): Promise<void> {
  const nextCheckAt = nextErasureCheck(at, checks + 1)
  const own = { _id, tenantId }
  if (nextCheckAt === null) await orOutage(raw.erasures.deleteOne(own))
  else await orOutage(raw.erasures.updateOne(own, { $set: { nextCheckAt, checks: checks + 1 } }))
}

/** Makes a check due again at `nextCheckAt`. @throws Outage */
export async function postponeCheck({ raw }: Store, { _id, tenantId }: ErasureDoc, nextCheckAt: Date): Promise<void> {
  await orOutage(raw.erasures.updateOne({ _id, tenantId }, { $set: { nextCheckAt } }))
}
