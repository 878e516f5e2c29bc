import { audienceFileState } from '../domain/campaigns/audience-file.ts'
import type { ContactDoc, Id } from '../model/documents.ts'
import { listFiles, type ObjectStorage } from '../storage/object-storage.ts'
import { audiencePrefix, mediaKey, readAudienceKey, thumbnailKey } from '../storage/open.ts'
import { findFileOwners } from '../store/campaigns/queries.ts'
import type { Store } from '../store/connect.ts'
import {
  deleteDeliveries,
  deleteEvents,
  deleteLeadsAndNotes,
  deleteMediaFile,
  deleteParked,
  deleteReplies,
  discardFiles,
  type ErasedMessage,
  emptyDeadLetters,
  emptyMessages,
  emptyRecipients,
  emptyWebhookEvents,
  endErasure,
  findAudiences,
  findAuthored,
  findPersonIds,
  hideLastMessages,
  isSharedFile,
  messagesAfter,
  type Person,
} from '../store/contacts/erase-rows.ts'
import { deleteViewsOf, namesPerson } from '../store/contacts/erase-views.ts'
import { orOutage } from '../store/outage.ts'

export interface ErasureDeps {
  store: Store
  storage: Pick<ObjectStorage, 'delete' | 'list'>
}

/** Numbers of removed rows and files. */
export type Erased = Record<'messages' | 'files' | 'leads' | 'notes' | 'webhookEvents' | 'deadLetters' | 'recipients', number>

const PAGE = 500

/**
 * Removes all data about a person whose erasure has begun: contents and files of messages, leads, notes, rows of audiences,
 * webhooks, dead letters, answers. Every step can be repeated, so an unfinished erasure is started again. What was under way
 * meanwhile is found by `checkErasure`.
 * @throws Outage
 */
export async function finishErasure({ store, storage }: ErasureDeps, contact: ContactDoc, now: Date): Promise<Erased> {
  const erased: Erased = { messages: 0, files: 0, leads: 0, notes: 0, webhookEvents: 0, deadLetters: 0, recipients: 0 }
  const { erasing } = contact
  if (!erasing) return erased
  const person: Person = { ...contact, erasing }
  return await orOutage(eraseAll({ store, storage }, person, erased, now))
}

async function eraseAll(deps: ErasureDeps, person: Person, erased: Erased, now: Date): Promise<Erased> {
  const { store } = deps
  const { waIds, userIds, since, pseudonym } = person.erasing
  const traces = await findPersonIds(store, person)
  const { conversationIds } = traces
  const audiences = await findAudiences(store, person)
  // Before the messages: a recipient that is released meanwhile has become one of them.
  erased.recipients = await emptyRecipients(store, person)
  const emptied = await eraseMessages(deps, { ...person, pseudonym }, conversationIds, now)
  const authored = await findAuthored(store, person)
  const inGroups = await eraseMessages(deps, { ...person, pseudonym }, authored.conversationIds, now, authored.which)
  await hideLastMessages(store, person, authored.conversationIds)
  Object.assign(erased, { messages: emptied.messages + inGroups.messages, files: emptied.files + inGroups.files })
  const { ids, ...deleted } = await deleteLeadsAndNotes(store, { ...person, waIds, since }, traces, now)
  Object.assign(erased, deleted)
  await deleteListFiles(deps, person.tenantId, new Set(audiences.map(String)))
  erased.webhookEvents = await emptyWebhookEvents(store, person)
  erased.deadLetters = await emptyDeadLetters(store, person, conversationIds, now)
  await deleteParked(store, person)
  await deleteViewsOf(store, person, text => namesPerson(text, [...waIds, ...userIds]), since)
  await deleteEvents(store, person, conversationIds)
  await deleteDeliveries(store, person, conversationIds)
  const named = { ids: [...ids, ...traces.contactIds], conversationIds, phones: waIds, keys: emptied.keys }
  await deleteReplies(store, person, named)
  await endErasure(store, person, now)
  return erased
}

/** What the messages of a person are found and replaced by. */
type Whose = Pick<Person, 'tenantId'> & { pseudonym: string }

/**
 * Deletes the files of messages and empties the messages. @param which a further filter
 * @returns how many, and the keys of the requests that they came by
 */
export async function eraseMessages(
  deps: ErasureDeps,
  whose: Whose,
  conversationIds: Id[],
  now: Date,
  which: object = {},
): Promise<{ messages: number; files: number; keys: string[] }> {
  const { store } = deps
  const done = { messages: 0, files: 0, keys: [] as string[] }
  for (let after: Id | null = null; ; ) {
    const page: ErasedMessage[] = await messagesAfter(store, whose, conversationIds, after, PAGE, which)
    for (const message of page) done.files += await deleteFile(deps, whose, message, conversationIds)
    await discardFiles(store, whose, page.flatMap(beingFetched), now)
    const ids = page.map(({ _id }) => _id)
    if (ids.length > 0) await emptyMessages(store, whose, ids, now)
    done.messages += page.length
    done.keys.push(...page.flatMap(({ idempotencyKey }) => idempotencyKey ?? []))
    after = page.at(-1)?._id ?? null
    if (page.length < PAGE) return done
  }
}

/** The file of a message that a worker may be storing at this moment. */
function beingFetched({ content, direction, origin }: ErasedMessage): Id[] {
  const isOfMeta = direction === 'INBOUND' || origin === 'phone'
  return isOfMeta && content.media && content.media.state !== 'STORED' ? [content.media.id] : []
}

async function deleteFile(
  { store, storage }: ErasureDeps,
  whose: Whose,
  { content, direction }: ErasedMessage,
  conversationIds: Id[],
): Promise<number> {
  const { media } = content
  if (media?.state !== 'STORED') return 0
  if (direction === 'OUTBOUND' && (await isSharedFile(store, whose, media.id, conversationIds))) return 0
  await storage.delete(mediaKey(whose.tenantId, media.id))
  await deleteMediaFile(store, whose, media.id)
  if (media.hasThumbnail) await storage.delete(thumbnailKey(whose.tenantId, media.id))
  return 1
}

/**
 * Deletes the audience files of the tenant that name the person, and those that nothing reads any more, whomever they name. A draft
 * whose audience must be read again asks for its file again. @returns how many
 */
export async function deleteListFiles(
  { store, storage }: ErasureDeps,
  tenantId: Id,
  naming: ReadonlySet<string>,
): Promise<number> {
  const stored = await listFiles(storage, audiencePrefix(tenantId))
  const files = stored.map(({ key }) => ({ key, read: readAudienceKey(key) }))
  const owners = await findFileOwners(store, tenantId, [...new Set(files.flatMap(({ read }) => read?.campaignId ?? []))])
  const left = files.filter(({ read }) => {
    if (read === null) return false
    const state = audienceFileState(read.generation, owners.get(read.campaignId) ?? null)
    return state === 'left' || (state === 'needed' && naming.has(read.campaignId))
  })
  for (const { key } of left) await storage.delete(key)
  return left.length
}
