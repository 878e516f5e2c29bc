import type { ClientSession } from 'mongoose'
import { ApiError, notFound } from '../../domain/errors.ts'
import type { ClientDoc, EventDoc, Id, PauseReason } from '../../model/documents.ts'
import { eventIds, type NumberStatusDetails, numberStatus } from '../../views/events.ts'
import { type Store, trusted } from '../connect.ts'
import { perStore } from '../per-store.ts'
import { acrossTenants } from '../tenancy/tenancy.ts'
import type { Alongside } from '../transaction.ts'
import { TtlCache } from '../ttl-cache.ts'
import { clientCacheOf } from './client-cache.ts'
import { metaIdsOf, readByMetaIds } from './meta-ids.ts'

const KNOWN_MS = 5000
/** Short, so that the first messages of a newly connected number are not ignored. */
const UNKNOWN_MS = 1000

const cacheOf = perStore(() => new TtlCache<string, ClientDoc | null>(10_000))

/**
 * The number of a webhook, over all tenants; null when no tenant has it. Cached in this process for 5 s (1 s when unknown), so
 * its state may be that old.
 */
export async function findByPhoneNumberId(store: Store, phoneNumberId: string): Promise<ClientDoc | null> {
  return (await findByPhoneNumberIds(store, [phoneNumberId])).get(phoneNumberId) ?? null
}

/**
 * The numbers of a batch, by the ids that its webhooks name, in one query unless an id is unknown or a former one. Unknown numbers
 * are left out.
 */
export async function findByPhoneNumberIds(store: Store, phoneNumberIds: Iterable<string>): Promise<Map<string, ClientDoc>> {
  const cache = cacheOf(store)
  // Each entry is read once: an entry that expires between two reads would make a known number unknown.
  const answers = new Map([...new Set(phoneNumberIds)].map(id => [id, cache.get(id)]))
  const missing = [...answers.keys()].filter(id => answers.get(id) === undefined)
  if (missing.length > 0) {
    const byId = await readByMetaIds(store, missing)
    for (const id of missing) {
      const client = byId.get(id) ?? null
      cache.set(id, client, client ? KNOWN_MS : UNKNOWN_MS)
      answers.set(id, client)
    }
  }
  return new Map([...answers].filter((entry): entry is [string, ClientDoc] => entry[1] != null))
}

/** Removes a number from the caches of this process, after a change. @param phoneNumberIds all that it has or had */
export function forgetClient(store: Store, ...phoneNumberIds: string[]): void {
  for (const id of phoneNumberIds) cacheOf(store).delete(id)
  clientCacheOf(store).clear()
}

/** @throws ApiError 404 for unknown, deleted and other tenants' ids alike */
export async function getClient(store: Store, tenantId: Id | string, clientId: Id | string): Promise<ClientDoc> {
  const client = await store.models.clients.findOne({ tenantId, _id: clientId, deletedAt: null }).lean()
  if (client === null) throw notFound('Number')
  return client
}

/** A number of the tenant, also one that has been disconnected; null for an unknown id. */
export const findClientEver = (store: Store, tenantId: Id | string, clientId: Id | string): Promise<ClientDoc | null> =>
  store.models.clients.findOne({ tenantId, _id: clientId }).lean()

/**
 * The number that a caller names: by Linko's id, by the id of its user on the tenant's own platform, or by an id that it has or had at Meta.
 * @throws ApiError 404 when none has it, 409 CLIENT_AMBIGUOUS for a user with several numbers
 */
export async function getNamedClient(store: Store, tenantId: Id | string, name: string): Promise<ClientDoc> {
  const own = /^[0-9a-f]{24}$/i.test(name) ? { _id: name } : null
  for (const by of [own, { userId: name }, { phoneNumberId: name }, { formerPhoneNumberIds: name }]) {
    const found =
      by &&
      (await store.models.clients
        .find({ tenantId, ...by, deletedAt: null })
        .limit(2)
        .lean())
    if (found && found.length > 1)
      throw new ApiError(409, 'CLIENT_AMBIGUOUS', 'The user has several numbers. Name one by its id.')
    if (found?.[0]) return found[0]
  }
  throw notFound('Number')
}

/** Phone numbers by id, also of deleted numbers. */
export async function findNumbersOf(store: Store, tenantId: Id | string, ids: readonly Id[]): Promise<Map<string, string>> {
  const filter = { tenantId, _id: trusted({ $in: [...ids] }) }
  const found = await store.models.clients.find(filter, { whatsappNumber: 1 }).lean()
  return new Map(found.map(({ _id, whatsappNumber }) => [String(_id), whatsappNumber]))
}

/** The ids of all numbers of a tenant. */
export async function findClientIds(store: Store, tenantId: Id | string): Promise<Id[]> {
  const clients = await store.models.clients.find({ tenantId, deletedAt: null }, { _id: 1 }).lean()
  return clients.map(({ _id }) => _id)
}

/** All numbers of a tenant, the primary one first. */
export async function listClients(store: Store, tenantId: Id | string): Promise<ClientDoc[]> {
  return await store.models.clients.find({ tenantId, deletedAt: null }).sort({ isPrimary: -1, _id: 1 }).lean()
}

/**
 * The number for a caller that names none: the primary one, else the one that was connected first.
 * @param userId a user with numbers of their own sends from one of these
 */
export async function findPrimaryClient(store: Store, tenantId: Id | string, userId?: string): Promise<ClientDoc | null> {
  const first = (by: object) =>
    store.models.clients
      .findOne({ tenantId, ...by, deletedAt: null })
      .sort({ isPrimary: -1, connectedAt: 1, _id: 1 })
      .lean<ClientDoc | null>()
  return (userId ? await first({ userId }) : null) ?? (await first({}))
}

/** A change of a number with its event, which the caller publishes. */
export interface ClientChange {
  client: ClientDoc
  event: EventDoc
}

/**
 * Pauses a number: its messages wait. Null when the number was not active, so that many failed calls at the same time make one
 * event.
 * @param pause.detail sentence for the dashboard
 */
export function pauseClient(
  store: Store,
  pause: {
    tenantId: Id | string
    clientId: Id | string
    reason: PauseReason
    detail: string
    by?: Id | null
    /** Meta's error code, when Meta refused a call. */
    code?: number | null
    /** The stored token of the refused call: a number that has another token by now is not paused. */
    token?: string | null
  },
  alongside?: Alongside<ClientChange>,
): Promise<ClientChange | null> {
  const changes: Partial<ClientDoc> = {
    status: 'paused',
    pauseReason: pause.reason,
    statusReason: pause.detail,
    pauseCode: pause.code ?? null,
    updatedBy: pause.by ?? null,
    ...(pause.reason === 'token' && { nextTokenCheckAt: null }),
  }
  const provided = { status: 'active', ...(pause.token && { accessToken: pause.token }) }
  return changeClient(store, pause, changes, provided, {}, alongside)
}

/** Ends a pause; null when the number was not paused. The sender releases its waiting messages. */
export function resumeClient(
  store: Store,
  resume: { tenantId: Id | string; clientId: Id | string; by?: Id | null },
  alongside?: Alongside<ClientChange>,
): Promise<ClientChange | null> {
  const changes = { ...RESUMED, resumedAt: new Date(), updatedBy: resume.by ?? null }
  return changeClient(store, resume, changes, { status: 'paused' }, {}, alongside)
}

/** Fields of a resumed number; its health check is due at once. */
const RESUMED = {
  status: 'active',
  pauseReason: null,
  pauseCode: null,
  statusReason: null,
  restrictedUntil: null,
  nextHealthCheckAt: null,
} as const

/** Paused numbers of all tenants whose restriction by WhatsApp has ended, at most 100. */
export async function findRestrictionsEnded(store: Store, now: Date): Promise<ClientDoc[]> {
  const filter = { status: 'paused' as const, restrictedUntil: trusted({ $lte: now }), deletedAt: null }
  return await acrossTenants(() => store.models.clients.find(filter).limit(100).lean())
}

/** Numbers of all tenants whose restriction to replies has ended, at most 100. */
export async function findRepliesOnlyEnded(store: Store, now: Date): Promise<ClientDoc[]> {
  const filter = { 'repliesOnly.until': trusted({ $lte: now }), deletedAt: null }
  return await acrossTenants(() => store.models.clients.find(filter).limit(100).lean())
}

/** Ends the restriction to replies; null when another restriction replaced it meanwhile. */
export function endRepliesOnly(store: Store, client: ClientDoc, now: Date): Promise<ClientChange | null> {
  const { tenantId, _id: clientId } = client
  return changeClient(store, { tenantId, clientId }, { repliesOnly: null }, { 'repliesOnly.until': trusted({ $lte: now }) })
}

/** Ends the pause of a number whose restriction has ended; null when the number is paused for another reason by now. */
export function endRestriction(store: Store, { tenantId, _id: clientId }: ClientDoc, now: Date): Promise<ClientChange | null> {
  return changeClient(
    store,
    { tenantId, clientId },
    { ...RESUMED, resumedAt: now },
    { status: 'paused', restrictedUntil: trusted({ $lte: now }) },
  )
}

/** What a tenant chooses of its number. */
export interface NumberInput {
  companyName?: string | null | undefined
  email?: string | null | undefined
  userId?: string | null | undefined
  isPrimary?: true | undefined
}

/** Changes who a number belongs to, or makes it the primary one; a tenant has at most one primary number. @throws ApiError 404 */
export async function editClient(
  store: Store,
  client: ClientDoc,
  input: NumberInput,
  by: Id | string,
  alongside?: Alongside<ClientDoc>,
): Promise<ClientDoc> {
  const { clients } = store.models
  const { tenantId, _id } = client
  const changes = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined))
  const edited = await store.transaction(async session => {
    if (input.isPrimary)
      await clients.updateMany(
        { tenantId, isPrimary: true, _id: trusted({ $ne: _id }) },
        { $set: { isPrimary: false } },
        { session },
      )
    const after = await clients
      .findOneAndUpdate(
        { tenantId, _id, deletedAt: null },
        { $set: { ...changes, updatedBy: by } },
        { session, returnDocument: 'after' },
      )
      .lean()
    if (after === null) throw notFound('Number')
    await alongside?.(after, session)
    return after
  })
  forgetClient(store, ...metaIdsOf(client))
  return edited
}

/**
 * Changes fields of a number and writes `client:status`, in one transaction. Null when the conditions of `provided` are not met;
 * then nothing is written.
 */
export async function changeClient(
  store: Store,
  { tenantId, clientId }: { tenantId: Id | string; clientId: Id | string },
  changes: Partial<ClientDoc>,
  provided: object = {},
  details: NumberStatusDetails = {},
  alongside?: Alongside<ClientChange>,
): Promise<ClientChange | null> {
  const change = await store.transaction(async session => {
    const client = await store.models.clients
      .findOneAndUpdate(
        { tenantId, _id: clientId, deletedAt: null, ...provided },
        { $set: changes },
        { session, returnDocument: 'after' },
      )
      .lean()
    if (client === null) return null
    const done = { client, event: await insertStatusEvent(store, client, details, session) }
    await alongside?.(done, session)
    return done
  })
  if (change) forgetClient(store, ...metaIdsOf(change.client))
  return change
}

/** Writes the `client:status` of a changed number. */
export async function insertStatusEvent(
  store: Store,
  client: ClientDoc,
  details: NumberStatusDetails,
  session: ClientSession,
): Promise<EventDoc> {
  const at = new Date()
  const about = details.reason ?? (details.changed ? 'fields' : client.status)
  const event = numberStatus(eventIds.number(client._id, about, at), client, at, details)
  await store.models.events.insertMany([event], { session })
  return event
}
