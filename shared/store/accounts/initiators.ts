import type { ApiKeyDoc, AuditLogDoc, Id, UserDoc } from '../../model/documents.ts'
import type { Store } from '../connect.ts'
import { acrossTenants } from '../tenancy/tenancy.ts'

type Actor = AuditLogDoc['actor']

/** The active user who began something, in whatever tenant they are at home: a platform admin acts in others too. */
export async function findActiveUser(store: Store, { id }: Pick<Actor, 'id'>): Promise<UserDoc | null> {
  if (id === null) return null
  const user = await acrossTenants(() => store.models.users.findOne({ _id: id, deletedAt: null }).lean())
  return user?.status === 'active' ? user : null
}

/** The API key that began something, unless it was revoked or has expired since. */
export async function findLiveKey(store: Store, tenantId: Id, { id }: Pick<Actor, 'id'>, now: Date): Promise<ApiKeyDoc | null> {
  const key = id && (await store.models.apiKeys.findOne({ tenantId, _id: id, deletedAt: null, revokedAt: null }).lean())
  return key && (key.expiresAt === null || key.expiresAt > now) ? key : null
}
