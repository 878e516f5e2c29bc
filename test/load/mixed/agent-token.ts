import { signAccessToken } from '#shared/auth/access-token.ts'
import type { UserDoc } from '#shared/model/documents.ts'
import { type Id, newId } from '#shared/model/ids.ts'
import type { Store } from '#shared/store/connect.ts'
import { JWT_SECRET } from '../bed.ts'

/** An access token of a new agent, who may write in every conversation of the tenant; valid for an hour. */
export async function agentToken(store: Store, tenantId: Id): Promise<string> {
  const [role, email, name, tokenVersion] = ['agent', `agent-${tenantId}@example.com`, 'Agent', 0] as const
  const user = { _id: newId(), tenantId, email, name, role, status: 'active', tokenVersion, deletedAt: null }
  await store.raw.users.insertOne(user as UserDoc)
  const claims = { userId: String(user._id), tenantId: String(tenantId), role, tokenVersion }
  return signAccessToken(claims, { secret: JWT_SECRET, ttlMs: 3_600_000 })
}
