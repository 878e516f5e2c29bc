import type { mongo } from 'mongoose'
import { unfinished } from '../../domain/messages/dispatch.ts'
import type { DeadLetterDoc, ErasureDoc, Id, ParkedItemDoc, RecipientDoc, WebhookEventDoc } from '../../model/documents.ts'
import { ERASED_PAYLOAD, ERASED_REASON } from '../../model/erased-message.ts'
import type { Store } from '../connect.ts'
import { allMetaIds } from '../numbers/meta-ids.ts'
import { ERASED_CONTACT, HIDDEN } from './erase-begin.ts'
import { EMPTY_RECIPIENT, emptyDeadLetter } from './erase-rows.ts'

/**
 * The steps of a check after an erasure. The person's keys are gone by then: rows are found by their ids, and where there is none
 * the caller compares hashes. What was under way at the erasure was written around its time, which bounds every search.
 */

/** Longer than a request, a call or a batch may be under way. */
export const UNDER_WAY_MS = 2 * 60_000
const DAY_MS = 24 * 60 * 60_000
const KEPT_DAYS = 31

type Erasure = Pick<ErasureDoc, 'tenantId' | 'contactIds' | 'at' | 'pseudonym'>

const before = ({ at }: Pick<Erasure, 'at'>, ms: number) => new Date(at.getTime() - ms)
const after = ({ at }: Pick<Erasure, 'at'>, ms: number) => new Date(at.getTime() + ms)

export async function findErasedConversations({ raw }: Store, { tenantId, contactIds }: Erasure): Promise<Id[]> {
  return await raw.conversations.distinct('_id', { tenantId, contactId: { $in: contactIds } })
}

/** Empties contacts and conversations of the person again, where somebody wrote into them. @returns how many */
export async function hideAgain({ raw }: Store, { tenantId, contactIds, at, pseudonym }: Erasure, now: Date): Promise<number> {
  const shown = (names: string[]) => ({ $or: names.map(name => ({ [name]: { $ne: null } })) })
  const isLabelled = { 'labels.0': { $exists: true } }
  const isFound = (keys: string) => ({ [`${keys}.0`]: { $exists: true } })
  const keys = shown(['waId', 'userId', 'phone', 'name', 'username', 'block', 'firstReferral'])
  const contacts = { tenantId, _id: { $in: contactIds }, $or: [...keys.$or, isLabelled, isFound('keys')] }
  const hidden = await raw.contacts.updateMany(contacts as object, { $set: { ...ERASED_CONTACT, updatedAt: now } })
  const names = ['contact.waId', 'contact.userId', 'contact.phone', 'contact.name', 'contact.username']
  const details = ['candidateName', 'candidateId', 'applicationId', 'lastMessage', 'lastError', 'lastInboundWamid'].concat([
    'waitingSince',
    'snoozedUntil',
    'automaticDue',
    'lastReferral',
  ])
  const conversations = {
    tenantId,
    contactId: { $in: contactIds },
    $or: [...shown([...names, ...details]).$or, isLabelled, isFound('contact.keys'), { erased: null }],
  }
  const $set = { ...HIDDEN, erased: { at, pseudonym }, deletedAt: at, updatedAt: now }
  const emptied = await raw.conversations.updateMany(conversations as object, { $set, $inc: { version: 1 } })
  return hidden.modifiedCount + emptied.modifiedCount
}

/** Filters messages into which something was written after they were emptied, or that came later. */
export const notEmpty = {
  $or: [
    { erasedAt: null },
    { wamid: { $ne: null } },
    { payload: { $ne: null } },
    { 'content.text': { $ne: null } },
    unfinished(),
  ],
}

/**
 * Webhook events that arrived before the erasure and were recorded around it or later: their payloads may have been written after
 * the search of the erasure.
 */
export function webhookEventsUnderWay({ raw }: Store, erasure: Erasure): mongo.FindCursor<WebhookEventDoc> {
  const receivedAt = { $gte: before(erasure, KEPT_DAYS * DAY_MS), $lte: erasure.at }
  const isRecent = [{ processedAt: null }, { processedAt: { $gte: before(erasure, UNDER_WAY_MS) } }]
  const filter = { tenantId: erasure.tenantId, receivedAt, $or: isRecent, 'payload.erased': { $ne: true } }
  return raw.webhookEvents.find(filter as object, { projection: { payload: 1 } })
}

export async function emptyWebhookEvent({ raw }: Store, { tenantId }: Erasure, _id: string): Promise<void> {
  await raw.webhookEvents.updateOne({ _id, tenantId }, { $set: { payload: ERASED_PAYLOAD, reason: ERASED_REASON } })
}

/** Items of the tenant's numbers that were parked before the erasure, or by a batch that was under way. */
export async function parkedUnderWay(store: Store, erasure: Erasure): Promise<mongo.FindCursor<ParkedItemDoc>> {
  const phoneNumberIds = await allMetaIds(store, erasure.tenantId)
  return store.raw.parkedItems.find({ phoneNumberId: { $in: phoneNumberIds }, createdAt: { $lte: after(erasure, UNDER_WAY_MS) } })
}

export async function deleteParkedItem({ raw }: Store, _id: string): Promise<void> {
  await raw.parkedItems.deleteOne({ _id })
}

/** Dead letters of the tenant that were stored around the erasure or later. */
export function deadLettersUnderWay({ raw }: Store, erasure: Erasure): mongo.FindCursor<DeadLetterDoc> {
  return raw.deadLetters.find({
    tenantId: erasure.tenantId,
    createdAt: { $gte: before(erasure, UNDER_WAY_MS) },
    payload: { $ne: '' },
  })
}

export async function emptyDeadLetterOf({ raw }: Store, { tenantId }: Erasure, _id: Id, now: Date): Promise<void> {
  await raw.deadLetters.updateOne({ _id, tenantId }, { $set: emptyDeadLetter(now) })
}

/** Rows of audiences that were being read at the erasure. */
export async function recipientsUnderWay({ raw }: Store, erasure: Erasure): Promise<mongo.FindCursor<RecipientDoc>> {
  const { tenantId, at } = erasure
  const until = [{ 'audience.until': null }, { 'audience.until': { $gte: before(erasure, UNDER_WAY_MS) } }]
  const campaignIds = await raw.campaigns.distinct('_id', { tenantId, 'audience.since': { $lte: at }, $or: until } as object)
  const filter = { tenantId, campaignId: { $in: campaignIds }, $or: [{ waId: { $ne: null } }, { userId: { $ne: null } }] }
  return raw.campaignRecipients.find(filter, { projection: { waId: 1, userId: 1, campaignId: 1 } })
}

export async function emptyRecipient({ raw }: Store, { tenantId }: Erasure, _id: string): Promise<void> {
  await raw.campaignRecipients.updateOne({ _id, tenantId }, EMPTY_RECIPIENT)
}

/** Leads that were made by a request that was under way at the erasure. */
export function leadsUnderWay({ raw }: Store, erasure: Erasure) {
  const createdAt = { $gte: before(erasure, UNDER_WAY_MS), $lte: erasure.at }
  return raw.leads.find({ tenantId: erasure.tenantId, createdAt, phone: { $ne: null } }, { projection: { phone: 1 } })
}
