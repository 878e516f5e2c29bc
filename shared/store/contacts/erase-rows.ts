import type { CampaignDoc, ContactDoc, Erasing, Id, MessageDoc } from '../../model/documents.ts'
import type { Store } from '../connect.ts'

/** The steps of an erasure, by collection. Each step is repeatable: a second run finds nothing. */

export type Person = Pick<ContactDoc, 'tenantId' | '_id'> & { erasing: Erasing }

/** Ids of the person's contacts and conversations, to which all other documents refer. */
export async function findPersonIds(
  store: Store,
  { tenantId, _id }: Person,
): Promise<{ contactIds: Id[]; conversationIds: Id[] }> {
  const contactIds = [_id]
  for (let last = [_id]; last.length > 0; contactIds.push(...last))
    last = await store.raw.contacts.distinct('_id', { tenantId, joinedWith: { $in: last } })
  const conversationIds = await store.raw.conversations.distinct('_id', { tenantId, contactId: { $in: contactIds } })
  return { contactIds, conversationIds }
}

/** Messages of the person after the id `after`, in the order of their ids. */
export async function messagesAfter(
  store: Store,
  { tenantId }: Person,
  conversationIds: Id[],
  after: Id | null,
  limit: number,
): Promise<Pick<MessageDoc, '_id' | 'content' | 'direction'>[]> {
  const filter = { tenantId, conversationId: { $in: conversationIds }, ...(after && { _id: { $gt: after } }) }
  const projection = { content: 1, direction: 1 }
  return await store.raw.messages.find(filter, { projection }).sort({ _id: 1 }).limit(limit).toArray()
}

/** Whether a file is also used in conversations of other people or by a campaign. */
export async function isSharedFile(store: Store, { tenantId }: Person, mediaId: Id, conversationIds: Id[]): Promise<boolean> {
  const inConversations = { tenantId, 'content.media.id': mediaId, conversationId: { $nin: conversationIds } }
  if (await store.raw.messages.findOne(inConversations, { projection: { _id: 1 } })) return true
  const inCampaigns = { tenantId, 'headerMedia.id': String(mediaId), deletedAt: null }
  return (await store.raw.campaigns.findOne(inCampaigns, { projection: { _id: 1 } })) !== null
}

/** Deletes the row of a file that was uploaded for sending, and of its uploads to Meta: it cannot be sent again. */
export async function deleteMediaFile(store: Store, { tenantId }: Person, mediaId: Id): Promise<void> {
  await store.raw.mediaFiles.deleteOne({ tenantId, _id: mediaId })
  await store.raw.mediaUploads.deleteMany({ tenantId, _id: new RegExp(`^${mediaId}:`) } as object)
}

/**
 * Removes content and identifiers of messages. Sender, times and cost stay for the statistics; a wamid encodes the phone number.
 */
export async function emptyMessages(store: Store, { tenantId, erasing }: Person, ids: Id[]): Promise<void> {
  const bare = (entry: string) => ({ $unsetField: { field: 'key', input: { $unsetField: { field: 'detail', input: entry } } } })
  const emptied = {
    content: { text: null, media: null, template: null, data: null },
    payload: null,
    fallback: null,
    contactKey: erasing.pseudonym,
    wamid: null,
    previousIds: [],
    replyTo: null,
    reactions: [],
    referral: null,
    error: { $cond: [{ $eq: [{ $type: '$error' }, 'object'] }, { $mergeObjects: ['$error', { detail: null }] }, null] },
    timeline: { $map: { input: '$timeline', as: 'entry', in: bare('$$entry') } },
  }
  await store.raw.messages.updateMany({ tenantId, _id: { $in: ids } }, [{ $set: emptied }])
}

const VALUE = 'payload.entry.changes.value'
const PHONES = ['messages.from', 'message_echoes.to', 'statuses.recipient_id', 'contacts.wa_id', 'user_preferences.wa_id']
  .concat(['history.threads.id', 'messages.to', 'statuses.recipient_participant_id', 'state_sync.contact.phone_number'])
  .map(path => `${VALUE}.${path}`)
const USERS = ['messages.from_user_id', 'message_echoes.to_user_id', 'statuses.recipient_user_id', 'contacts.user_id']
  .concat(['user_preferences.user_id', 'contacts.parent_user_id'])
  .map(path => `${VALUE}.${path}`)

/** Filters webhooks that name the person in any field, also by a phone number with a plus. */
function namedIn({ waIds, userIds }: Erasing): object {
  const phones = { $in: [...waIds, ...waIds.map(waId => `+${waId}`), ...userIds] }
  const users = { $in: userIds }
  const paths = [...PHONES.map(path => ({ [path]: phones })), ...USERS.map(path => ({ [path]: users }))]
  return { $or: [...paths, { 'payload.json': patternOf({ waIds, userIds }) }] }
}

const patternOf = ({ waIds, userIds }: Pick<Erasing, 'waIds' | 'userIds'>) =>
  new RegExp(`(?<!\\d)(${[...waIds, ...userIds].map(key => key.replace(/\W/g, '\\$&')).join('|') || '(?!)'})(?!\\d)`)

const KEPT_DAYS = 31
const DAY_MS = 24 * 3_600_000

/**
 * Empties the tenant's stored webhooks that name the person. No index finds a person in them, so the 31 days that are kept are
 * read day by day. @returns how many were emptied
 */
export async function emptyWebhookEvents(store: Store, { tenantId, erasing }: Person, now: Date): Promise<number> {
  let emptied = 0
  for (let day = 0; day <= KEPT_DAYS; day++) {
    const end = now.getTime() + DAY_MS - day * DAY_MS
    const receivedAt = { $gt: new Date(end - DAY_MS), $lte: new Date(end) }
    const filter = { tenantId, receivedAt, ...namedIn(erasing) } as object
    const set = { $set: { payload: { erased: true }, reason: 'the contact was erased' } }
    emptied += (await store.raw.webhookEvents.updateMany(filter, set)).modifiedCount
  }
  return emptied
}

/** Deletes parked items that name the person, of the tenant's numbers only. @returns how many */
export async function deleteParked(store: Store, { tenantId, erasing }: Person): Promise<number> {
  const phoneNumberIds = await store.raw.clients.distinct('phoneNumberId', { tenantId })
  const filter = { phoneNumberId: { $in: phoneNumberIds }, ...namedIn(erasing) } as object
  return (await store.raw.parkedItems.deleteMany(filter)).deletedCount
}

export async function emptyDeadLetters(store: Store, { tenantId, erasing }: Person, now: Date): Promise<number> {
  const filter = { tenantId, payload: patternOf(erasing) }
  const emptied = { payload: '', error: null, state: 'DISCARDED' as const, settledAt: now }
  return (await store.raw.deadLetters.updateMany(filter, { $set: emptied })).modifiedCount
}

/**
 * Filters for the person's rows in audiences, one for each index: by key, and skipped rows, which have no key, by phone or user
 * id.
 */
async function audienceRows(store: Store, { tenantId, erasing }: Person) {
  const campaignId = { $in: await store.raw.campaigns.distinct('_id', { tenantId }) }
  const keys = { $in: [...erasing.waIds, ...erasing.userIds] }
  return [
    { tenantId, campaignId, key: keys },
    { tenantId, campaignId, state: 'SKIPPED' as const, $or: [{ waId: keys }, { userId: keys }] },
  ]
}

/** Campaigns with the person in their audience: their uploaded files name the person too. */
export async function findAudiences(store: Store, person: Person): Promise<CampaignDoc[]> {
  const ways = await audienceRows(store, person)
  const found = await Promise.all(ways.map(way => store.raw.campaignRecipients.distinct('campaignId', way)))
  return await store.raw.campaigns.find({ tenantId: person.tenantId, _id: { $in: found.flat() } }).toArray()
}

/** Removes the person from audience rows, which stay for the counts. Pending rows become SKIPPED. @returns how many rows */
export async function emptyRecipients(store: Store, person: Person): Promise<number> {
  const empty = { key: null, to: '', waId: null, userId: null, name: null, variables: { $literal: {} }, headerMedia: null }
  const skipped = { $cond: [{ $eq: ['$state', 'PENDING'] }, 'SKIPPED', '$state'] }
  const reason = { $cond: [{ $eq: ['$state', 'PENDING'] }, 'invalid', '$reason'] }
  const update = [{ $set: { ...empty, detail: 'erased', reason, state: skipped } }]
  let emptied = 0
  for (const way of await audienceRows(store, person))
    emptied += (await store.raw.campaignRecipients.updateMany(way, update)).modifiedCount
  return emptied
}

/** Deletes notes, and empties leads, which stay for the statistics. @returns how many of each */
export async function deleteLeadsAndNotes(
  store: Store,
  { tenantId, erasing }: Person,
  { contactIds, conversationIds }: { contactIds: Id[]; conversationIds: Id[] },
  now: Date,
): Promise<{ leads: number; notes: number }> {
  const own = { tenantId, $or: [{ contactId: { $in: contactIds } }, { phone: { $in: erasing.waIds } }] }
  const leadIds = await store.raw.leads.distinct('_id', own)
  const ofThem = { tenantId, $or: [{ leadId: { $in: leadIds } }, { conversationId: { $in: conversationIds } }] }
  const { deletedCount: notes } = await store.raw.notes.deleteMany(ofThem)
  const gone = { name: 'Erased', phone: null, deletedAt: now, updatedAt: now }
  await store.raw.leads.updateMany({ tenantId, _id: { $in: leadIds } }, { $set: gone })
  return { leads: leadIds.length, notes }
}

/**
 * Deletes events and kept API replies about the person, both at most a day old. A socket that misses these events reloads its
 * state.
 */
export async function deleteEventsAndReplies(store: Store, { tenantId, _id }: Person, conversationIds: Id[]): Promise<void> {
  const ofConversations = { tenantId, conversationId: { $in: conversationIds }, 'payload.updates.erased': { $ne: true } }
  await store.raw.events.deleteMany(ofConversations)
  const conversations = conversationIds.map(String)
  const about = [{ 'body.id': String(_id) }, { 'body.conversationId': { $in: conversations } }]
  await store.raw.idempotencyKeys.deleteMany({ tenantId, $or: about } as object)
}

/** Ends an erasure: removes the keys by which the person was found. */
export async function endErasure(store: Store, { tenantId, _id }: Person, now: Date): Promise<void> {
  await store.raw.contacts.updateOne({ tenantId, _id }, { $set: { erasing: null, erasedAt: now } })
}
