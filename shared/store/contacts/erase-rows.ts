import { ENDED } from '../../domain/messages/dispatch.ts'
import { platformError } from '../../domain/messages/send-errors.ts'
import { sentenceKey } from '../../domain/sentence.ts'
import type { ContactDoc, Erasing, Id, MessageDoc } from '../../model/documents.ts'
import { ERASED, ERASED_DETAIL, ERASED_PAYLOAD, ERASED_REASON, emptiedFields } from '../../model/erased-message.ts'
import type { Store } from '../connect.ts'
import { allMetaIds } from '../numbers/meta-ids.ts'

/** The steps of an erasure, by collection. Each step is repeatable: a second run finds nothing. */

export type Person = Pick<ContactDoc, 'tenantId' | '_id'> & { erasing: Erasing }

/** Ids of the person's contacts and conversations, to which all other documents refer. */
export async function findPersonIds(
  store: Store,
  { tenantId, _id }: Pick<Person, 'tenantId' | '_id'>,
): Promise<{ contactIds: Id[]; conversationIds: Id[] }> {
  const contactIds = [_id]
  for (let last = [_id]; last.length > 0; contactIds.push(...last))
    last = await store.raw.contacts.distinct('_id', { tenantId, joinedWith: { $in: last } })
  const conversationIds = await store.raw.conversations.distinct('_id', { tenantId, contactId: { $in: contactIds } })
  return { contactIds, conversationIds }
}

/** What must be known of a message to remove it. */
export type ErasedMessage = Pick<MessageDoc, '_id' | 'content' | 'direction' | 'origin' | 'idempotencyKey'>

/** Messages of the person after the id `after`, in the order of their ids. @param which a further filter */
export async function messagesAfter(
  store: Store,
  { tenantId }: Pick<Person, 'tenantId'>,
  conversationIds: Id[],
  after: Id | null,
  limit: number,
  which: object = {},
): Promise<ErasedMessage[]> {
  const filter = { ...which, tenantId, conversationId: { $in: conversationIds }, ...(after && { _id: { $gt: after } }) }
  const projection = { content: 1, direction: 1, origin: 1, idempotencyKey: 1 }
  return await store.raw.messages.find(filter, { projection }).sort({ _id: 1 }).limit(limit).toArray()
}

/** Whether a file is also used in conversations of other people, by a campaign or by a quick reply. */
export async function isSharedFile(
  store: Store,
  { tenantId }: Pick<Person, 'tenantId'>,
  mediaId: Id,
  conversationIds: Id[],
): Promise<boolean> {
  const inConversations = { tenantId, 'content.media.id': mediaId, conversationId: { $nin: conversationIds } }
  if (await store.raw.messages.findOne(inConversations, { projection: { _id: 1 } })) return true
  const inCampaigns = { tenantId, 'headerMedia.id': String(mediaId), deletedAt: null }
  if (await store.raw.campaigns.findOne(inCampaigns, { projection: { _id: 1 } })) return true
  return (await store.raw.quickReplies.findOne({ tenantId, mediaId, deletedAt: null }, { projection: { _id: 1 } })) !== null
}

/** Deletes the row of a file that was uploaded for sending, and of its uploads to Meta: it cannot be sent again. */
export async function deleteMediaFile(store: Store, { tenantId }: Pick<Person, 'tenantId'>, mediaId: Id): Promise<void> {
  await store.raw.mediaFiles.deleteOne({ tenantId, _id: mediaId })
  await store.raw.mediaUploads.deleteMany({ tenantId, _id: new RegExp(`^${mediaId}:`) } as object)
}

/** Deletes files that a worker may be fetching, once it has certainly ended. */
export async function discardFiles(store: Store, { tenantId }: Pick<Person, 'tenantId'>, ids: Id[], now: Date): Promise<void> {
  const operations = ids.map(_id => ({
    updateOne: { filter: { _id, tenantId }, update: { $setOnInsert: { createdAt: now } }, upsert: true },
  }))
  if (operations.length > 0) await store.raw.discardedFiles.bulkWrite(operations, { ordered: false })
}

const without = (field: string, input: unknown) => ({ $unsetField: { field, input } })
const bare = (entry: string) => without('key', without('detail', without('traceId', entry)))

/** The part of an update that takes from a message what Meta or the platform wrote about this very one. */
export const WITHOUT_DETAILS = {
  error: { $cond: [{ $eq: [{ $type: '$error' }, 'object'] }, { $mergeObjects: ['$error', { detail: null }] }, null] },
  timeline: { $map: { input: '$timeline', as: 'entry', in: bare('$$entry') } },
}

/** The update of `erasedFields`, for rows that are not read as a whole. */
export async function emptyMessages(
  store: Store,
  { tenantId, pseudonym }: Pick<Person, 'tenantId'> & { pseudonym: string },
  ids: Id[],
  now: Date,
): Promise<void> {
  const isUnfinished = { $eq: [{ $type: '$dispatch' }, 'object'] }
  const isOfCampaign = { $eq: [{ $type: '$campaignId' }, 'objectId'] }
  const { error, timeline } = WITHOUT_DETAILS
  const emptied = {
    ...emptiedFields({ pseudonym }),
    timeline,
    idempotencyKey: { $cond: [isOfCampaign, '$idempotencyKey', null] },
    erasedAt: { $ifNull: ['$erasedAt', now] },
    status: { $cond: [isUnfinished, 'FAILED', '$status'] },
    statusUpdatedAt: { $cond: [isUnfinished, now, '$statusUpdatedAt'] },
    error: { $cond: [isUnfinished, { $literal: platformError('cancelled') }, error] },
    dispatch: ENDED,
  }
  await store.raw.messages.updateMany({ tenantId, _id: { $in: ids } }, [{ $set: emptied }])
}

/** Conversations of groups in which the person wrote, and the filter of what the person wrote there. */
export async function findAuthored(
  store: Store,
  { tenantId, erasing }: Person,
): Promise<{ conversationIds: Id[]; which: object }> {
  const ways = [
    { tenantId, 'author.waId': { $in: erasing.waIds } },
    { tenantId, 'author.userId': { $in: erasing.userIds } },
  ]
  const found = await Promise.all(ways.map(way => store.raw.messages.distinct('conversationId', way)))
  const authors = ways.map(({ tenantId: _, ...way }) => way)
  return { conversationIds: found.flat(), which: { $or: authors } }
}

/** Takes what was emptied out of the lists of conversations that show it as their last message. */
export async function hideLastMessages(
  store: Store,
  { tenantId }: Pick<Person, 'tenantId'>,
  conversationIds: Id[],
): Promise<void> {
  const own = { tenantId, _id: { $in: conversationIds } }
  const shown = await store.raw.conversations.distinct('lastMessage.messageId', own)
  const emptied = await store.raw.messages.distinct('_id', { tenantId, _id: { $in: shown }, erasedAt: { $ne: null } })
  const filter = { ...own, 'lastMessage.messageId': { $in: emptied } }
  await store.raw.conversations.updateMany(filter, { $set: { 'lastMessage.text': null }, $inc: { version: 1 } })
}

const VALUE = 'payload.entry.changes.value'
/** Where webhooks name people by phone number, and by user id. */
export const PHONES = ['messages.from', 'message_echoes.to', 'statuses.recipient_id', 'contacts.wa_id', 'user_preferences.wa_id']
  .concat(['history.threads.id', 'messages.to', 'statuses.recipient_participant_id', 'state_sync.contact.phone_number'])
  .concat(['messages.system.wa_id', 'messages.system.new_wa_id', 'messages.system.customer'])
  .concat(['calls.from', 'calls.to', 'sender.phone_number', 'statuses.participant_recipient_id'])
  .concat(
    ['messages.from', 'contacts.wa_id', 'message_echoes.message.to', 'statuses.recipient_id'].map(path => `standby.${path}`),
  )
  .concat(['groups.added_participants.wa_id', 'groups.removed_participants.wa_id', 'message_echoes.message.to'])
  .map(path => `${VALUE}.${path}`)
export const USERS = ['messages.from_user_id', 'message_echoes.to_user_id', 'statuses.recipient_user_id', 'contacts.user_id']
  .concat(['user_preferences.user_id', 'contacts.parent_user_id'])
  .concat(['messages.system.user_id', 'messages.system.previous_user_id'])
  .concat([
    'calls.from_user_id',
    'calls.to_user_id',
    'statuses.recipient_participant_user_id',
    'groups.added_participants.user_id',
  ])
  .concat(['messages.from_user_id', 'contacts.user_id', 'statuses.recipient_user_id'].map(path => `standby.${path}`))
  .concat(['user_id_update.user_id.previous', 'user_id_update.user_id.current'])
  .map(path => `${VALUE}.${path}`)

/** Filters webhooks that name the person in any field, also by a phone number with a plus. */
function namedIn({ waIds, userIds }: Erasing): object {
  const phones = { $in: [...waIds, ...waIds.map(waId => `+${waId}`), ...userIds] }
  const users = { $in: userIds }
  const paths = [...PHONES.map(path => ({ [path]: phones })), ...USERS.map(path => ({ [path]: users }))]
  return { $or: [...paths, { 'payload.json': patternOf({ waIds, userIds }) }] }
}

/** Finds the keys, and ids of ours, in a text. */
const patternOf = ({ waIds, userIds }: Pick<Erasing, 'waIds' | 'userIds'>, ids: Id[] = []) =>
  new RegExp(
    `(?<!\\d)(${[...waIds, ...userIds, ...ids.map(String)].map(key => key.replace(/\W/g, '\\$&')).join('|') || '(?!)'})(?!\\d)`,
  )

export const KEPT_DAYS = 31
const DAY_MS = 24 * 3_600_000

/**
 * Empties the tenant's stored webhooks that name the person and arrived before the erasure: who writes later is somebody new. No
 * index finds a person in them, so the 31 days that are kept are read day by day. @returns how many were emptied
 */
export async function emptyWebhookEvents(store: Store, { tenantId, erasing }: Person): Promise<number> {
  let emptied = 0
  for (let day = 0; day <= KEPT_DAYS; day++) {
    const end = erasing.since.getTime() - day * DAY_MS
    const receivedAt = { $gt: new Date(end - DAY_MS), $lte: new Date(end) }
    const filter = { tenantId, receivedAt, ...namedIn(erasing) } as object
    const set = { $set: { payload: ERASED_PAYLOAD, reason: ERASED_REASON } }
    emptied += (await store.raw.webhookEvents.updateMany(filter, set)).modifiedCount
  }
  return emptied
}

/** Deletes parked items that name the person, of the tenant's numbers only. @returns how many */
export async function deleteParked(store: Store, { tenantId, erasing }: Person): Promise<number> {
  const phoneNumberIds = await allMetaIds(store, tenantId)
  const filter = { phoneNumberId: { $in: phoneNumberIds }, createdAt: { $lte: erasing.since }, ...namedIn(erasing) } as object
  return (await store.raw.parkedItems.deleteMany(filter)).deletedCount
}

/**
 * Empties the dead letters from before the erasure that name the person or one of its conversations: as they came, as they were
 * edited, or by their id. @returns how many
 */
export async function emptyDeadLetters(
  store: Store,
  { tenantId, erasing }: Person,
  conversationIds: Id[],
  now: Date,
): Promise<number> {
  const named = patternOf(erasing, conversationIds)
  const $or = [{ payload: named }, { original: named }, { messageId: named }]
  const filter = { tenantId, createdAt: { $lte: erasing.since }, $or }
  return (await store.raw.deadLetters.updateMany(filter, { $set: emptyDeadLetter(now) })).modifiedCount
}

/** A dead letter that nobody can replay any more; the claim of a replay under way finds it no longer. */
export const emptyDeadLetter = (now: Date) => ({
  payload: '',
  original: null,
  messageId: null,
  error: null,
  claim: null,
  state: 'DISCARDED' as const,
  settledAt: now,
})

/**
 * Filters for the person's rows in audiences, one for each index: by key, and skipped rows, which have no key, by phone or user
 * id.
 */
async function audienceRows(store: Store, { tenantId, erasing }: Person) {
  // A list that was uploaded after the erasure is new.
  const before = { $not: { $gt: erasing.since } }
  const campaignId = { $in: await store.raw.campaigns.distinct('_id', { tenantId, 'audience.since': before }) }
  const keys = { $in: [...erasing.waIds, ...erasing.userIds] }
  return [
    { tenantId, campaignId, key: keys },
    { tenantId, campaignId, state: 'SKIPPED' as const, $or: [{ waId: keys }, { userId: keys }] },
  ]
}

/** Ids of campaigns with the person in their audience: their uploaded files name the person too. */
export async function findAudiences(store: Store, person: Person): Promise<Id[]> {
  const ways = await audienceRows(store, person)
  return (await Promise.all(ways.map(way => store.raw.campaignRecipients.distinct('campaignId', way)))).flat()
}

/** Removes the person from audience rows, which stay for the counts. Pending rows become SKIPPED. @returns how many rows */
export async function emptyRecipients(store: Store, person: Person): Promise<number> {
  let emptied = 0
  for (const way of await audienceRows(store, person))
    emptied += (await store.raw.campaignRecipients.updateMany(way, EMPTY_RECIPIENT)).modifiedCount
  return emptied
}

const wasPending = { $eq: ['$state', 'PENDING'] }
/** The update that takes a person out of an audience row. */
export const EMPTY_RECIPIENT = [
  {
    $set: {
      key: null,
      to: '',
      waId: null,
      userId: null,
      name: null,
      variables: { $literal: {} },
      headerMedia: null,
      detail: ERASED_DETAIL,
      detailKeys: { $literal: [sentenceKey(ERASED)] },
      reason: { $cond: [wasPending, 'invalid', '$reason'] },
      state: { $cond: [wasPending, 'SKIPPED', '$state'] },
    },
  },
]

/**
 * Deletes notes, and empties leads, which stay for the statistics. A lead with the person's number that was made after the erasure
 * is of somebody new. @returns how many of each, and the ids by which stored answers name them
 */
export async function deleteLeadsAndNotes(
  store: Store,
  { tenantId, waIds, since }: Pick<Person, 'tenantId'> & Pick<Erasing, 'waIds' | 'since'>,
  { contactIds, conversationIds }: { contactIds: Id[]; conversationIds: Id[] },
  now: Date,
): Promise<{ leads: number; notes: number; ids: Id[] }> {
  const byPhone = { phone: { $in: waIds }, createdAt: { $lte: since } }
  const own = { tenantId, $or: [{ contactId: { $in: contactIds } }, byPhone] }
  const leadIds = await store.raw.leads.distinct('_id', own)
  const ofThem = { tenantId, $or: [{ leadId: { $in: leadIds } }, { conversationId: { $in: conversationIds } }] }
  const noteIds = await store.raw.notes.distinct('_id', ofThem)
  await store.raw.notes.deleteMany({ tenantId, _id: { $in: noteIds } })
  const gone = { name: 'Erased', phone: null, keys: [], referral: null, deletedAt: now, updatedAt: now }
  const isFound = { 'keys.0': { $exists: true } }
  const $or = [{ name: { $ne: 'Erased' } }, { phone: { $ne: null } }, { deletedAt: null }, isFound]
  const { modifiedCount: leads } = await store.raw.leads.updateMany({ tenantId, _id: { $in: leadIds }, $or }, { $set: gone })
  return { leads, notes: noteIds.length, ids: [...leadIds, ...noteIds] }
}

/** Deletes events about the person, at most a day old. A socket that misses them reloads its state. @returns how many */
export async function deleteEvents(store: Store, { tenantId }: Pick<Person, 'tenantId'>, conversationIds: Id[]): Promise<number> {
  const ofConversations = { tenantId, conversationId: { $in: conversationIds }, 'payload.updates.erased': { $ne: true } }
  // An index of conversations would cost every event; the day of one tenant, and what is not numbered yet, are read by theirs.
  const numbered = await store.raw.events.deleteMany({ ...ofConversations, seq: { $gte: 0 } }, { hint: 'tenant_seq' })
  const unnumbered = await store.raw.events.deleteMany({ ...ofConversations, seq: null } as object, { hint: 'outbox' })
  return numbered.deletedCount + unnumbered.deletedCount
}

/**
 * Deletes deliveries of events about the person to the tenant's own systems, but for the one that tells of the erasure. What was
 * delivered is in the tenant's hands. @returns how many
 */
export async function deleteDeliveries(
  store: Store,
  { tenantId }: Pick<Person, 'tenantId'>,
  conversationIds: Id[],
): Promise<number> {
  const ofConversations = { tenantId, conversationId: { $in: conversationIds }, isErasure: false }
  return (await store.raw.eventDeliveries.deleteMany(ofConversations)).deletedCount
}

/** What stored answers name: contacts, leads, notes, conversations, numbers with and without a plus, and keys of requests. */
export interface NamedInReplies {
  ids: Id[]
  conversationIds: Id[]
  phones: string[]
  keys: string[]
}

/** Deletes the answers that are kept for a day for repeats of requests about the person. @returns how many */
export async function deleteReplies(
  store: Store,
  { tenantId }: Pick<Person, 'tenantId'>,
  { ids, conversationIds, phones, keys }: NamedInReplies,
): Promise<number> {
  const named = { $in: ids.map(String) }
  const about = [
    { 'body.id': named },
    { 'body.contactId': named },
    { 'body.leadId': named },
    { 'body.conversationId': { $in: conversationIds.map(String) } },
    { 'body.phone': { $in: phones.flatMap(phone => [phone, `+${phone}`]) } },
  ]
  const { idempotencyKeys } = store.raw
  const { deletedCount } = await idempotencyKeys.deleteMany({ tenantId, $or: about } as object)
  const byKey = keys.length === 0 ? null : await idempotencyKeys.deleteMany({ tenantId, key: { $in: keys } })
  return deletedCount + (byKey?.deletedCount ?? 0)
}

/** Ends an erasure: removes the keys by which the person was found. */
export async function endErasure(store: Store, { tenantId, _id }: Person, now: Date): Promise<void> {
  await store.raw.contacts.updateOne({ tenantId, _id }, { $set: { erasing: null, erasedAt: now } })
}
