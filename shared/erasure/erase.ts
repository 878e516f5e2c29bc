import type { ContactDoc, Id, MessageDoc } from '../model/documents.ts'
import type { ObjectStorage } from '../storage/object-storage.ts'
import { audienceKey, mediaKey, thumbnailKey } from '../storage/open.ts'
import type { Store } from '../store/connect.ts'
import {
  deleteEventsAndReplies,
  deleteLeadsAndNotes,
  deleteMediaFile,
  deleteParked,
  emptyDeadLetters,
  emptyMessages,
  emptyRecipients,
  emptyWebhookEvents,
  endErasure,
  findAudiences,
  findPersonIds,
  isSharedFile,
  messagesAfter,
  type Person,
} from '../store/contacts/erase-rows.ts'
import { orOutage } from '../store/outage.ts'

export interface ErasureDeps {
  store: Store
  storage: Pick<ObjectStorage, 'delete'>
}

/** Numbers of removed rows and files. */
export type Erased = Record<'messages' | 'files' | 'leads' | 'notes' | 'webhookEvents' | 'deadLetters' | 'recipients', number>

const PAGE = 500

/**
 * Removes all data about a person whose erasure has begun: contents and files of messages, leads, notes, rows of audiences,
 * webhooks, dead letters, answers. Every step can be repeated, so an unfinished erasure is started again.
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
  const traces = await findPersonIds(store, person)
  for (let after: Id | null = null; ; ) {
    const page: Pick<MessageDoc, '_id' | 'content' | 'direction'>[] = await messagesAfter(
      store,
      person,
      traces.conversationIds,
      after,
      PAGE,
    )
    for (const message of page) erased.files += await deleteFile(deps, person, message, traces.conversationIds)
    if (page.length > 0)
      await emptyMessages(
        store,
        person,
        page.map(({ _id }) => _id),
      )
    erased.messages += page.length
    after = page.at(-1)?._id ?? null
    if (page.length < PAGE) break
  }
  Object.assign(erased, await deleteLeadsAndNotes(store, person, traces, now))
  // A draft whose audience must be read again asks for its file again.
  for (const { _id, audience } of await findAudiences(store, person))
    await deps.storage.delete(audienceKey(person.tenantId, _id, audience.generation))
  erased.recipients = await emptyRecipients(store, person)
  erased.webhookEvents = await emptyWebhookEvents(store, person, now)
  erased.deadLetters = await emptyDeadLetters(store, person, now)
  await deleteParked(store, person)
  await deleteEventsAndReplies(store, person, traces.conversationIds)
  await endErasure(store, person, now)
  return erased
}

async function deleteFile(
  { store, storage }: ErasureDeps,
  person: Person,
  { content, direction }: Pick<MessageDoc, 'content' | 'direction'>,
  conversationIds: Id[],
): Promise<number> {
  const { media } = content
  if (media?.state !== 'STORED') return 0
  if (direction === 'OUTBOUND' && (await isSharedFile(store, person, media.id, conversationIds))) return 0
  await storage.delete(mediaKey(person.tenantId, media.id))
  await deleteMediaFile(store, person, media.id)
  if (media.hasThumbnail) await storage.delete(thumbnailKey(person.tenantId, media.id))
  return 1
}
