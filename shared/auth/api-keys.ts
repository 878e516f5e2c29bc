import { createHash, randomBytes } from 'node:crypto'
import type { ApiKeyDoc, Id, Role } from '../model/documents.ts'
import type { Store } from '../store/connect.ts'
import { acrossTenants } from '../store/tenancy/tenancy.ts'
import { safeEqual } from './constant-time.ts'
import { type Action, can } from './policy.ts'

/** Form of a key: `lk_<prefix>_<secret>`. The prefix finds the row and is shown in lists; only a hash of the secret is stored. */
const FORMAT = /^lk_([0-9a-f]{12})_([0-9a-f]{64})$/
const TOUCH_MS = 60_000

export interface NewApiKey {
  tenantId: Id
  name: string
  role: Role
  /** Allowed actions: names, `area.*` or `*`. An empty list allows nothing. */
  scopes: string[]
  expiresAt?: Date | null
  createdBy?: Id | null
}

/** Creates an API key. @returns the key, which cannot be read again, and its row */
export async function createApiKey(store: Store, fields: NewApiKey): Promise<{ key: string; row: ApiKeyDoc }> {
  const prefix = randomBytes(6).toString('hex')
  const secret = randomBytes(32).toString('hex')
  const row = await store.models.apiKeys.create({ ...fields, prefix, secretHash: hashOf(secret) })
  return { key: `lk_${prefix}_${secret}`, row: row.toObject() }
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
  const area = `${action.split('.')[0]}.*`
  return can(key.role, action) && key.scopes.some(scope => scope === '*' || scope === area || scope === action)
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
