import type { ConversationDoc, EventDoc, Id, NoteDoc } from '../../model/documents.ts'
import { newId } from '../../model/ids.ts'
import { noteAdded } from '../../views/events.ts'
import type { Store } from '../connect.ts'
import { insertEvents } from '../events/insert.ts'
import { findPage, type Page, type PageRequest } from '../pages.ts'
import { visibleMessages, withAll } from './visibility.ts'

/** Adds an internal note to a conversation, a lead, or both. The customer never sees it. */
export async function addNote(
  store: Store,
  { tenantId, _id: conversationId, leadId }: { tenantId: Id; _id: Id | null; leadId: Id | null },
  { _id = newId(), text, isPrivate, mentions = [], createdBy }: NoteFields,
  now: Date,
  /** The conversation of the note, for its event. */
  conversation: ConversationDoc | null = null,
): Promise<NoteDoc> {
  const note: NoteDoc = {
    _id,
    tenantId,
    conversationId,
    leadId: leadId ?? null,
    text,
    isPrivate,
    ...(mentions.length > 0 && { mentions }),
    createdBy,
    createdAt: now,
    updatedAt: now,
    deletedAt: null,
  }
  await store.transaction(async session => {
    await store.models.notes.insertMany([note], { session })
    if (conversation) await insertEvents(store, [noteEvent(note, conversation)], session)
  })
  return note
}

/** The event of a note, as it was stored with it. */
export const noteEvent = (note: NoteDoc, conversation: ConversationDoc): EventDoc => noteAdded(note, conversation, note.createdAt)

type NoteFields = Pick<NoteDoc, 'text' | 'isPrivate' | 'mentions'> & { _id?: Id; createdBy: Id }

/** Notes of conversations that name a user, newest first. */
export async function listMentions(store: Store, tenantId: Id | string, userId: Id, page: PageRequest): Promise<Page<NoteDoc>> {
  const filter = { tenantId, mentions: userId, deletedAt: null, ...withAll(await visibleMessages(store, tenantId)) }
  return await findPage<NoteDoc>(store.models.notes, filter, 'createdAt', page)
}

export async function findNote(store: Store, tenantId: Id, id: Id): Promise<NoteDoc | null> {
  return await store.models.notes.findOne({ tenantId, _id: id }).lean()
}

/** Notes of a conversation, newest first. */
export async function listNotes(
  store: Store,
  { tenantId, _id: conversationId }: ConversationDoc,
  page: PageRequest,
): Promise<Page<NoteDoc>> {
  return await findPage<NoteDoc>(store.models.notes, { tenantId, conversationId, deletedAt: null }, 'createdAt', page)
}
