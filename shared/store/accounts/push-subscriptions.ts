import type { Id, PushSubscriptionDoc } from '../../model/documents.ts'
import { type Store, trusted } from '../connect.ts'
import { latestSeq, latestSeqs } from '../events/sequence.ts'
import { orOutage } from '../outage.ts'
import { acrossTenants } from '../tenancy/tenancy.ts'

/** The browsers that are told of news while Linko is closed there. */

interface Owner {
  tenantId: Id | string
  userId: Id | string
  sessionId: string
}

type Browser = Pick<PushSubscriptionDoc, 'endpoint' | 'p256dh' | 'auth' | 'keyId' | 'subject'>

/** Prefix of the positions among the counters: up to which `seq` the events of a tenant were told. */
const POSITION = 'push:'
/** For how long a subscription lasts in whose browser nobody has opened Linko. */
const KEPT_MS = 60 * 24 * 60 * 60 * 1000

/** Keeps how the browser of a session is reached; whoever used the browser before is told nothing there any more. */
export async function savePushSubscription(store: Store, owner: Owner, browser: Browser, now: Date): Promise<void> {
  const { models } = store
  const { tenantId, userId, sessionId } = owner
  // Of a tenant's first subscription: what happens from here on is told.
  const value = await latestSeq(store, String(tenantId))
  await models.counters.updateOne({ _id: POSITION + String(tenantId) }, { $setOnInsert: { value } }, { upsert: true })
  await acrossTenants(() =>
    models.pushSubscriptions.deleteMany({ endpoint: browser.endpoint, sessionId: trusted({ $ne: sessionId }) }),
  )
  const $set = { ...browser, userId, expiresAt: new Date(now.getTime() + KEPT_MS) }
  await models.pushSubscriptions.updateOne({ tenantId, sessionId }, { $set }, { upsert: true })
}

export async function hasPushSubscription({ models }: Store, { tenantId, sessionId }: Omit<Owner, 'userId'>): Promise<boolean> {
  return (await models.pushSubscriptions.exists({ tenantId, sessionId })) !== null
}

export async function removePushSubscription({ models }: Store, { tenantId, sessionId }: Omit<Owner, 'userId'>): Promise<void> {
  await models.pushSubscriptions.deleteOne({ tenantId, sessionId })
}

/** Tenants of which somebody has a subscription. @throws Outage */
async function findPushTenants({ models }: Store): Promise<string[]> {
  return (await orOutage(acrossTenants(() => models.pushSubscriptions.distinct('tenantId')))).map(String)
}

/**
 * The subscriptions of users whose sessions go on. Those of sessions that have ended, by whatever way, are deleted on this
 * occasion. @throws Outage
 */
export async function findPushSubscriptions(
  store: Store,
  tenantId: string,
  userIds: readonly string[],
  now: Date,
): Promise<PushSubscriptionDoc[]> {
  const { models } = store
  const rows = await orOutage(
    models.pushSubscriptions.find({ tenantId, userId: trusted({ $in: userIds }), expiresAt: trusted({ $gt: now }) }).lean(),
  )
  if (rows.length === 0) return []
  const open = await orOutage(
    models.refreshTokens.distinct('familyId', {
      tenantId,
      familyId: trusted({ $in: rows.map(({ sessionId }) => sessionId) }),
      usedAt: null,
      revokedAt: null,
      expiresAt: trusted({ $gt: now }),
    }),
  )
  const isOpen = new Set(open)
  const ended = rows.filter(({ sessionId }) => !isOpen.has(sessionId))
  await dropPushSubscriptions(store, tenantId, ended)
  return rows.filter(({ sessionId }) => isOpen.has(sessionId))
}

/** Deletes subscriptions that lead nowhere any more. @throws Outage */
export async function dropPushSubscriptions(
  { models }: Store,
  tenantId: string,
  rows: readonly Pick<PushSubscriptionDoc, '_id'>[],
): Promise<void> {
  if (rows.length === 0) return
  await orOutage(models.pushSubscriptions.deleteMany({ tenantId, _id: trusted({ $in: rows.map(({ _id }) => _id) }) }))
}

/** Where a tenant with subscriptions stands. */
export interface PushPosition {
  tenantId: string
  seq: number
  latest: number
}

/** Tenants with subscriptions and with events that were not looked at. @throws Outage */
export async function findBehindPush(store: Store): Promise<PushPosition[]> {
  const tenants = await findPushTenants(store)
  if (tenants.length === 0) return []
  const _id = trusted({ $in: tenants.map(tenantId => POSITION + tenantId) })
  const rows = await orOutage(store.models.counters.find({ _id }).lean())
  const positions = new Map(rows.map(({ _id, value }) => [_id, value]))
  const latest = await latestSeqs(store, tenants)
  return tenants
    .map(tenantId => ({ tenantId, seq: positions.get(POSITION + tenantId) ?? 0, latest: latest.get(tenantId) ?? 0 }))
    .filter(({ seq, latest }) => latest > seq)
}

/** Notes up to which event a tenant's people were told. @throws Outage */
export async function movePushPosition({ models }: Store, tenantId: string, seq: number): Promise<void> {
  await orOutage(models.counters.updateOne({ _id: POSITION + tenantId }, { $max: { value: seq } }, { upsert: true }))
}

/** What is told of a conversation, and to whom. */
export interface PushedConversation {
  id: string
  /** Name of the customer. */
  name: string | null
  assigneeId: string | null
}

/** The given conversations that are not deleted. @throws Outage */
export async function findPushedConversations(
  { models }: Store,
  tenantId: string,
  ids: readonly string[],
): Promise<PushedConversation[]> {
  const filter = { tenantId, _id: trusted({ $in: ids }), deletedAt: null }
  const rows = await orOutage(models.conversations.find(filter, { contact: 1, assignedTo: 1 }).lean())
  return rows.map(({ _id, contact, assignedTo }) => ({
    id: String(_id),
    name: contact.name,
    assigneeId: assignedTo ? String(assignedTo.id) : null,
  }))
}

/** The given users who are agents. @throws Outage */
export async function findAgentsAmong({ models }: Store, tenantId: string, ids: readonly string[]): Promise<Set<string>> {
  const filter = { tenantId, _id: trusted({ $in: ids }), role: 'agent' as const }
  return new Set((await orOutage(models.users.find(filter, { _id: 1 }).lean())).map(({ _id }) => String(_id)))
}
