import type { ClientSession } from 'mongoose'
import type { ClientDoc, EventDoc, Id } from '../../model/documents.ts'
import { newId } from '../../model/ids.ts'
import { takeTurn } from '../accounts/tenants.ts'
import { type Store, trusted } from '../connect.ts'
import { giveUnsentPresentId } from '../dispatch/reschedule.ts'
import { acrossTenants } from '../tenancy/tenancy.ts'
import type { Alongside } from '../transaction.ts'
import { type ClientChange, forgetClient, insertStatusEvent } from './clients.ts'
import { metaIdsOf } from './meta-ids.ts'

/** Reason of a number whose connection has not come to its end. */
export const UNFINISHED = 'The connection of this number is not finished.'

export interface NumberToKeep {
  phoneNumberId: string
  wabaId: string
  portfolioId: string | null
  whatsappNumber: string
  verifiedName: string | null
  coexistence: boolean
}

export type KeptNumber = { phoneNumberId: string } & ({ clientId: Id; isTaken: false } | { clientId: null; isTaken: true })

/**
 * A row for each number, in one transaction: the tenant's own row stays as it is, also one that was deleted, which comes back with
 * its history; a new one is `disconnected` until its connection ends. A phone number that has a new id at Meta keeps its row, which
 * gets the id when the connection ends. A number that another tenant has connected is taken; one that another tenant has
 * disconnected is given up there, for the caller has shown by Meta's token that the number is theirs now.
 */
export async function keepNumbers(
  store: Store,
  tenantId: Id,
  numbers: readonly NumberToKeep[],
  about: Partial<Pick<ClientDoc, 'companyName' | 'email' | 'userId'>>,
): Promise<KeptNumber[]> {
  const kept = await acrossTenants(() =>
    store.transaction(async session => {
      // Two connections of a tenant may be about one phone number with two ids.
      await takeTurn(store, tenantId, session)
      const done: KeptNumber[] = []
      for (const number of numbers) done.push(await keepNumber(store, tenantId, number, about, session))
      return done
    }),
  )
  for (const { phoneNumberId } of kept) forgetClient(store, phoneNumberId)
  return kept
}

async function keepNumber(
  { models: { clients } }: Store,
  tenantId: Id,
  number: NumberToKeep,
  about: object,
  session: ClientSession,
): Promise<KeptNumber> {
  const { phoneNumberId, whatsappNumber } = number
  const living = await clients.findOne({ phoneNumberId, deletedAt: null }, null, { session }).lean()
  if (living && !living.tenantId.equals(tenantId)) {
    if (living.status !== 'disconnected') return { phoneNumberId, clientId: null, isTaken: true }
    const given = { deletedAt: new Date(), isPrimary: false, accessToken: null, twoStepPin: null, nextTwoStepPin: null }
    await clients.updateOne({ _id: living._id, tenantId: living.tenantId }, { $set: given }, { session })
  } else if (living) {
    return { phoneNumberId, clientId: living._id, isTaken: false }
  }
  const renamed = await clients
    .findOne({ tenantId, whatsappNumber, deletedAt: null }, { _id: 1 }, { session, sort: NEWEST })
    .lean()
  if (renamed) return { phoneNumberId, clientId: renamed._id, isTaken: false }
  const unfinished = { status: 'disconnected' as const, statusReason: UNFINISHED, pauseReason: null, accessToken: null }
  const deleted = (by: Partial<NumberToKeep>) =>
    clients
      .findOne({ tenantId, ...by, deletedAt: trusted({ $ne: null }) }, null, { session, sort: { deletedAt: -1 } })
      .lean<ClientDoc | null>()
  const former = (await deleted({ phoneNumberId })) ?? (await deleted({ whatsappNumber }))
  if (former) {
    const back = { ...number, ...about, ...unfinished, ...renamedTo(former, phoneNumberId), deletedAt: null }
    await clients.updateOne({ _id: former._id, tenantId }, { $set: back }, { session })
  }
  if (former) return { phoneNumberId, clientId: former._id, isTaken: false }
  const [created] = await clients.create([{ _id: newId(), tenantId, ...number, ...about, ...unfinished }], { session })
  return { phoneNumberId, clientId: (created as { _id: Id })._id, isTaken: false }
}

const NEWEST = { connectedAt: -1, _id: -1 } as const

/** The fields of a number that has another id at Meta now; none where it is the same. */
function renamedTo(client: ClientDoc, phoneNumberId: string): Partial<ClientDoc> {
  if (client.phoneNumberId === phoneNumberId) return {}
  const formerPhoneNumberIds = metaIdsOf(client).filter(id => id !== phoneNumberId)
  return { phoneNumberId, formerPhoneNumberIds }
}

/**
 * Gives the rows of a number its present id at Meta: its conversations, its campaigns, and messages that are still to be sent. What
 * was sent keeps the id that it was sent by, and whatever is written with an earlier id meanwhile is found by it. Repeatable.
 */
export async function moveToPresentId(store: Store, client: ClientDoc): Promise<void> {
  const { tenantId, _id: clientId, phoneNumberId, formerPhoneNumberIds = [] } = client
  if (formerPhoneNumberIds.length === 0) return
  const own = { tenantId, clientId, phoneNumberId: trusted({ $in: formerPhoneNumberIds }) }
  const present = { $set: { phoneNumberId } }
  await store.models.conversations.updateMany(own, present, { timestamps: false })
  await store.models.campaigns.updateMany(own, present, { timestamps: false })
  await giveUnsentPresentId(store, client)
}

/** Reasons of pauses that a new token and registration end; the others are Meta's or a person's decision. */
const ENDED_BY_CONNECTION: readonly (string | null)[] = ['token', 'registration', null]

export interface Activation {
  tenantId: Id
  clientId: Id
  /** Fields of the connected number, its sealed token among them. */
  fields: Partial<ClientDoc>
  by: Id | null
  now: Date
}

/**
 * Makes a number active with a new token, in one transaction with its event. A number that is paused for its account, its payment,
 * its quality or by a person keeps its pause; what waits for a number that is active now goes out by itself. The first number of a
 * tenant becomes its primary one. A number that has a new id at Meta keeps the earlier ones, by which late webhooks and waiting
 * messages still find it. Reports of Meta that are older than this are no longer applied.
 */
export async function activateNumber(
  store: Store,
  { tenantId, clientId, fields, by, now }: Activation,
  alongside?: Alongside<ClientChange>,
): Promise<ClientChange | null> {
  const { clients } = store.models
  const change = await store.transaction(async session => {
    const before = await clients.findOne({ tenantId, _id: clientId, deletedAt: null }, null, { session }).lean()
    if (before === null) return null
    const primary = await clients.exists({ tenantId, isPrimary: true, deletedAt: null }).session(session)
    const keepsPause = before.status === 'paused' && !ENDED_BY_CONNECTION.includes(before.pauseReason)
    const changes = {
      ...fields,
      ...(fields.phoneNumberId && renamedTo(before, fields.phoneNumberId)),
      ...(!keepsPause && ACTIVE),
      ...(!keepsPause && before.status !== 'active' && { resumedAt: now }),
      ...(primary === null && { isPrimary: true }),
      disconnectedAt: null,
      connectedAt: before.status === 'active' ? (before.connectedAt ?? now) : now,
      lastEventAt: { ...before.lastEventAt, connection: now },
      updatedBy: by,
    }
    const client = (await clients
      .findOneAndUpdate({ tenantId, _id: clientId }, { $set: changes }, { session, returnDocument: 'after' })
      .lean()) as ClientDoc
    const done = { client, event: await insertStatusEvent(store, client, {}, session) }
    await alongside?.(done, session)
    return done
  })
  if (change) forgetClient(store, ...metaIdsOf(change.client))
  return change
}

const ACTIVE = {
  status: 'active',
  statusReason: null,
  pauseReason: null,
  pauseCode: null,
  restrictedUntil: null,
  nextHealthCheckAt: null,
  nextTokenCheckAt: null,
} as const

export interface Disconnection {
  tenantId: Id
  clientId: Id
  reason: string
  by: Id | null
  now: Date
  /** Whether the number also leaves the tenant's lists; its conversations stay. */
  isDeleted: boolean
}

/**
 * Disconnects a number in one transaction with its event and what `alongside` writes: its token is forgotten, nothing is sent any
 * more. Null for an unknown number.
 */
export async function disconnectNumber(
  store: Store,
  { tenantId, clientId, reason, by, now, isDeleted }: Disconnection,
  alongside: Alongside<ClientChange & { before: ClientDoc }>,
): Promise<ClientChange | null> {
  const { clients } = store.models
  const change = await store.transaction(async session => {
    const filter = { tenantId, _id: clientId, deletedAt: null }
    const before = await clients.findOne(filter, null, { session }).lean()
    if (before === null) return null
    const gone = {
      ...ACTIVE,
      status: 'disconnected' as const,
      statusReason: reason,
      accessToken: null,
      tokenValid: null,
      disconnectedAt: before.status === 'disconnected' ? (before.disconnectedAt ?? now) : now,
      lastEventAt: { ...before.lastEventAt, connection: now },
      updatedBy: by,
      ...(isDeleted && { deletedAt: now, isPrimary: false }),
    }
    const client = (await clients
      .findOneAndUpdate(filter, { $set: gone }, { session, returnDocument: 'after' })
      .lean()) as ClientDoc
    const event: EventDoc = await insertStatusEvent(store, client, {}, session)
    await alongside({ client, event, before }, session)
    return { client, event }
  })
  if (change) forgetClient(store, ...metaIdsOf(change.client))
  return change
}

/** Other living numbers of an account, over all tenants: while one is connected its webhooks are needed. */
export const hasConnectedSibling = async (store: Store, { _id, wabaId }: Pick<ClientDoc, '_id' | 'wabaId'>): Promise<boolean> =>
  (await acrossTenants(() =>
    store.models.clients.exists({
      wabaId,
      _id: trusted({ $ne: _id }),
      status: trusted({ $ne: 'disconnected' as const }),
      deletedAt: null,
    }),
  )) !== null

/** Marks the PIN of a number as shown, once. @returns false when it was shown before */
export async function markPinShown(
  store: Store,
  { tenantId, _id }: Pick<ClientDoc, '_id' | 'tenantId'>,
  now: Date,
  alongside: Alongside<null>,
): Promise<boolean> {
  return await store.transaction(async session => {
    const filter = { tenantId, _id, deletedAt: null, pinShownAt: null }
    const { matchedCount } = await store.models.clients.updateOne(filter, { $set: { pinShownAt: now } }, { session })
    if (matchedCount === 1) await alongside(null, session)
    return matchedCount === 1
  })
}

/** Campaigns of a number that have not ended. */
export async function countOpenCampaigns(store: Store, { tenantId, _id }: Pick<ClientDoc, '_id' | 'tenantId'>): Promise<number> {
  const open = ['SCHEDULED', 'RUNNING', 'PAUSED'] as const
  return await store.models.campaigns.countDocuments({ tenantId, clientId: _id, status: trusted({ $in: [...open] }) })
}
