import type { Redis } from 'ioredis'
import { NO_ASSIGNMENT, planAssignments } from '#shared/domain/inbox/assignment.ts'
import { connectedUsers } from '#shared/limits/presence.ts'
import type { ConversationDoc, TenantDoc, UserDoc } from '#shared/model/documents.ts'
import type { MayGoOn } from '#shared/process/jobs.ts'
import { findPresentUsers } from '#shared/store/accounts/users.ts'
import { countLoads, findAssigningTenants, findLeftWaiting, findUnassigned, reassign } from '#shared/store/inbox/assignment.ts'
import type { BackgroundDeps } from '../numbers/background-deps.ts'

type Deps = Pick<BackgroundDeps, 'store' | 'events' | 'now' | 'log'> & { redis: Redis }

const BATCH = 100

/**
 * Gives conversations whose customers wait to agents who are available and connected, and takes them back from users who are not
 * here while customers wait. While Redis is away nobody knows who is connected: everything stays as it is.
 * @returns how many conversations changed hands. @throws Outage
 */
export async function assignWaiting(deps: Deps, mayGoOn: MayGoOn): Promise<number> {
  let count = 0
  for (const tenant of await findAssigningTenants(deps.store)) if (mayGoOn()) count += await assignOf(deps, tenant, mayGoOn)
  return count
}

async function assignOf(deps: Deps, tenant: TenantDoc, mayGoOn: MayGoOn): Promise<number> {
  const { store, redis } = deps
  const connected = await connectedUsers(redis, `linko:${store.connection.name}`, String(tenant._id))
  if (connected === null) return 0
  const present = await findPresentUsers(store, tenant._id, [...connected])
  return (await giveBack(deps, tenant, present, mayGoOn)) + (await assign(deps, tenant, present, mayGoOn))
}

async function giveBack(deps: Deps, tenant: TenantDoc, present: UserDoc[], mayGoOn: MayGoOn): Promise<number> {
  const minutes = tenant.settings.assignment?.giveBackMinutes
  if (!minutes) return 0
  const before = new Date(deps.now().getTime() - minutes * 60_000)
  const own = { present: present.map(({ _id }) => _id), before, limit: BATCH }
  const left = await findLeftWaiting(deps.store, tenant._id, own)
  let count = 0
  for (const conversation of left) if (mayGoOn()) count += await move(deps, conversation, null)
  if (count > 0) deps.log.info({ tenantId: String(tenant._id), count }, 'conversations given back')
  return count
}

async function assign(deps: Deps, tenant: TenantDoc, present: UserDoc[], mayGoOn: MayGoOn): Promise<number> {
  const { store } = deps
  const agents = present.filter(({ role, availability }) => role === 'agent' && (availability ?? 'available') === 'available')
  if (agents.length === 0) return 0
  const waiting = await findUnassigned(store, tenant._id, BATCH)
  if (waiting.length === 0) return 0
  const ids = agents.map(({ _id }) => _id)
  const loads = await countLoads(store, tenant._id, ids)
  const plan = planAssignments(
    tenant.settings.assignment ?? NO_ASSIGNMENT,
    waiting.map(({ _id, clientId, labels }) => ({ id: String(_id), clientId: String(clientId), labels })),
    agents.map(({ _id, lastAssignedAt }) => ({
      id: String(_id),
      load: loads.get(String(_id)) ?? 0,
      lastAssignedAt: lastAssignedAt ?? null,
    })),
  )
  let count = 0
  for (const { conversationId, agentId } of plan) {
    const conversation = waiting.find(({ _id }) => String(_id) === conversationId)
    const agent = agents.find(({ _id }) => String(_id) === agentId)
    if (conversation && agent && mayGoOn()) count += await move(deps, conversation, agent)
  }
  return count
}

/** @returns 1 when the conversation was moved, 0 when somebody was first */
async function move({ store, events, now }: Deps, conversation: ConversationDoc, to: UserDoc | null): Promise<0 | 1> {
  const told = await reassign(store, conversation, to, now())
  if (told.length === 0) return 0
  void events.publish(told, null)
  return 1
}
