import { DEMO_USERS } from '#deploy/demo/world.ts'
import { signAccessToken } from '#shared/auth/access-token.ts'
import type { UserDoc } from '#shared/model/documents.ts'
import { type Id, newId } from '#shared/model/ids.ts'
import type { Store } from '#shared/store/connect.ts'
import { JWT_SECRET } from './bed.ts'

/** An access token of a user, valid for an hour. */
export const tokenOf = ({ _id, tenantId, role, tokenVersion }: UserDoc): string => {
  const claims = { userId: String(_id), tenantId: String(tenantId), role, tokenVersion }
  return signAccessToken(claims, { secret: JWT_SECRET, ttlMs: 3_600_000 })
}

/** The admin of a tenant of the demo world. */
export async function adminOf(store: Store, tenant: (typeof DEMO_USERS)[number]['tenant']): Promise<UserDoc> {
  const email = DEMO_USERS.find(user => user.tenant === tenant && user.role === 'tenant_admin')?.email
  return (await store.raw.users.findOne({ email: String(email) })) as UserDoc
}

/** An access token of a new agent, who may write in every conversation of the tenant. */
export async function agentToken(store: Store, tenantId: Id): Promise<string> {
  const [role, email, name, tokenVersion] = ['agent', `agent-${tenantId}@example.com`, 'Agent', 0] as const
  const user = { _id: newId(), tenantId, email, name, role, status: 'active', tokenVersion, deletedAt: null } as UserDoc
  await store.raw.users.insertOne(user)
  return tokenOf(user)
}
