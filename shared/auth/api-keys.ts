import { createHash, randomBytes } from 'node:crypto'
import type { QueryFilter } from 'mongoose'
import { ApiError, notFound } from '../domain/errors.ts'
import type { ApiKeyDoc, Id, Role } from '../model/documents.ts'
import { newId } from '../model/ids.ts'
import type { Store } from '../store/connect.ts'
import { findPage, type Page, type PageRequest } from '../store/pages.ts'
import { acrossTenants } from '../store/tenancy/tenancy.ts'
import type { Alongside, Session } from '../store/transaction.ts'
import { safeEqual } from './constant-time.ts'
import { type Action, can } from './policy.ts'
import { covers } from './scopes.ts'

/** Form of a key: `lk_<prefix>_<secret>`. The prefix finds the row and is shown in lists; only a hash of the secret is stored. */
const FORMAT = /^lk_([0-9a-f]{12})_([0-9a-f]{64})$/
const TOUCH_MS = 60_000

export interface NewApiKey {
  _id?: Id
  tenantId: Id
  name: string
  role: Role
  /** Allowed actions: names, `area.*` or `*`. An empty list allows nothing. */
  scopes: string[]
  expiresAt?: Date | null
  createdBy?: Id | null
}

export interface CreatedApiKey {
  /** The key itself, which cannot be read again. */
  key: string
  row: ApiKeyDoc
}

/** Creates an API key. */
export async function createApiKey(
  store: Store,
  fields: NewApiKey,
  alongside?: Alongside<CreatedApiKey>,
): Promise<CreatedApiKey> {
  return await store.transaction(session => insertKey(store, fields, session, alongside))
}

export interface Rotation {
  tenantId: Id | string
  keyId: Id | string
  /** Id of the new key. */
  newId: Id
  /** Time for which the old key goes on; 0: it ends at once. */
  overlapMs: number
  /** End of the new key; undefined: it lives as long as the old one was meant to. */
  expiresAt: Date | null | undefined
  by: Id
  now: Date
}

/**
 * Puts a new key with the same name, role and scopes in the place of another, which ends after the overlap.
 * @param allow throws ApiError to refuse @throws ApiError 404, 409 KEY_ENDED for a key that has ended or was replaced before
 */
export async function rotateApiKey(
  store: Store,
  { tenantId, keyId, newId: _id, overlapMs, expiresAt, by, now }: Rotation,
  allow: (old: ApiKeyDoc) => void,
  alongside?: Alongside<CreatedApiKey & { old: ApiKeyDoc }>,
): Promise<CreatedApiKey & { old: ApiKeyDoc }> {
  return await store.transaction(async session => {
    const before = await store.models.apiKeys.findOne({ tenantId, _id: keyId, deletedAt: null }, null, { session }).lean()
    if (before === null) throw notFound('Key')
    allow(before)
    if (!isLive(before, now) || before.replacedBy != null) throw keyEnded()
    const { name, role, scopes } = before
    const fields = { _id, tenantId: before.tenantId, name, role, scopes, createdBy: by }
    const made = await insertKey(
      store,
      { ...fields, expiresAt: expiresAt === undefined ? likeBefore(before, now) : expiresAt },
      session,
    )
    const end = new Date(now.getTime() + overlapMs)
    const $set = {
      replacedBy: made.row._id,
      updatedBy: by,
      ...(overlapMs === 0
        ? { revokedAt: now }
        : { expiresAt: before.expiresAt && before.expiresAt < end ? before.expiresAt : end }),
    }
    const options = { session, returnDocument: 'after' } as const
    const old = await store.models.apiKeys.findOneAndUpdate({ tenantId, _id: keyId }, { $set }, options).lean()
    if (old === null) throw notFound('Key')
    await alongside?.({ ...made, old }, session)
    return { ...made, old }
  })
}

/**
 * Gives a key another secret: of one that was created by an attempt whose answer nobody has got. @throws ApiError 404
 */
export async function rekey(store: Store, tenantId: Id | string, keyId: Id | string): Promise<CreatedApiKey> {
  const { key, ...$set } = newSecret()
  const filter = { tenantId, _id: keyId, lastUsedAt: null, revokedAt: null }
  const row = await store.models.apiKeys.findOneAndUpdate(filter, { $set }, { returnDocument: 'after' }).lean()
  if (row === null) throw notFound('Key')
  return { key, row }
}

/**
 * The key that an earlier attempt put in the place of another, with another secret; null when that attempt did not come so far.
 */
export async function rekeyRotated(
  store: Store,
  { tenantId, keyId, newId: _id }: Pick<Rotation, 'tenantId' | 'keyId' | 'newId'>,
): Promise<(CreatedApiKey & { old: ApiKeyDoc }) | null> {
  const old = await store.models.apiKeys.findOne({ tenantId, _id: keyId, replacedBy: _id, deletedAt: null }).lean()
  return old && { ...(await rekey(store, tenantId, _id)), old }
}

/** Revokes a key, which works no more from then on. @throws ApiError 404, also for one that is revoked */
export async function revokeApiKey(
  store: Store,
  { tenantId, keyId, by, now }: Pick<Rotation, 'tenantId' | 'keyId' | 'by' | 'now'>,
  allow: (key: ApiKeyDoc) => void,
  alongside?: Alongside<ApiKeyDoc>,
): Promise<void> {
  await store.transaction(async session => {
    const filter = { tenantId, _id: keyId, revokedAt: null, deletedAt: null }
    const before = await store.models.apiKeys.findOne(filter, null, { session }).lean()
    if (before === null) throw notFound('Key')
    allow(before)
    await store.models.apiKeys.updateOne(filter, { $set: { revokedAt: now, updatedBy: by } }, { session })
    await alongside?.(before, session)
  })
}

async function insertKey(
  store: Store,
  fields: NewApiKey,
  session: Session,
  alongside?: Alongside<CreatedApiKey>,
): Promise<CreatedApiKey> {
  const { key, ...secret } = newSecret()
  const [row] = await store.models.apiKeys.create([{ ...fields, ...secret, _id: fields._id ?? newId() }], { session })
  if (row === undefined) throw new Error('a key was not inserted')
  const created = { key, row: row.toObject() }
  await alongside?.(created, session)
  return created
}

function newSecret(): { key: string; prefix: string; secretHash: string } {
  const prefix = randomBytes(6).toString('hex')
  const secret = randomBytes(32).toString('hex')
  return { key: `lk_${prefix}_${secret}`, prefix, secretHash: hashOf(secret) }
}

/** End of a key that lives as long as the one before it was meant to. */
const likeBefore = ({ createdAt, expiresAt }: ApiKeyDoc, now: Date): Date | null =>
  expiresAt && new Date(now.getTime() + expiresAt.getTime() - createdAt.getTime())

const keyEnded = () => new ApiError(409, 'KEY_ENDED', 'The key has ended or was replaced already. Create a new one.')

/** The keys of a tenant, newest first, revoked and expired ones too: who made them and when they were last used stays known. */
export const listApiKeys = (store: Store, tenantId: Id | string, page: PageRequest): Promise<Page<ApiKeyDoc>> =>
  findPage(store.models.apiKeys, { tenantId, deletedAt: null } as QueryFilter<ApiKeyDoc>, 'createdAt', page)

/** @throws ApiError 404 */
export async function getApiKey(store: Store, tenantId: Id | string, keyId: Id | string): Promise<ApiKeyDoc> {
  const row = await store.models.apiKeys.findOne({ tenantId, _id: keyId, deletedAt: null }).lean()
  if (row === null) throw notFound('Key')
  return row
}

/** Row of a valid API key; null for an unknown, expired or revoked one. `lastUsedAt` is updated once a minute. */
export async function findApiKey(store: Store, key: string, now = new Date()): Promise<ApiKeyDoc | null> {
  const [, prefix, secret] = FORMAT.exec(key) ?? []
  if (prefix === undefined || secret === undefined) return null
  const row = await acrossTenants(() => store.models.apiKeys.findOne({ prefix }).lean())
  const isRight = safeEqual(hashOf(secret), row?.secretHash ?? '')
  if (row === null || !isRight || !isLive(row, now)) return null
  await touch(store, row, now)
  return row
}

/** Whether a bearer token has the form of an API key. */
export const isApiKey = (bearer: string) => bearer.startsWith('lk_')

/** Whether a key allows an action, by its role and its scopes. */
export function keyMay(key: Pick<ApiKeyDoc, 'role' | 'scopes'>, action: Action): boolean {
  return can(key.role, action) && key.scopes.some(scope => covers(scope, action))
}

function isLive(row: ApiKeyDoc, now: Date): boolean {
  const isExpired = row.expiresAt !== null && row.expiresAt <= now
  return row.revokedAt === null && row.deletedAt == null && !isExpired
}

async function touch(store: Store, row: ApiKeyDoc, now: Date): Promise<void> {
  if (row.lastUsedAt !== null && now.getTime() - row.lastUsedAt.getTime() < TOUCH_MS) return
  const filter = { tenantId: row.tenantId, _id: row._id }
  await store.models.apiKeys.updateOne(filter, { $max: { lastUsedAt: now } }, { timestamps: false })
}

const hashOf = (secret: string) => createHash('sha256').update(secret, 'utf8').digest('hex')
