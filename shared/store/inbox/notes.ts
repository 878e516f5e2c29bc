import type { ConversationDoc, Id, NoteDoc } from '../../model/documents.ts'
import { newId } from '../../model/ids.ts'
import type { Store } from '../connect.ts'
import { findPage, type Page, type PageRequest } from '../pages.ts'

/** Adds an internal note to a conversation, a lead, or both. The customer never sees it. */
export async function addNote(
  store: Store,
  { tenantId, _id: conversationId, leadId }: { tenantId: Id; _id: Id | null; leadId: Id | null },
  { _id = newId(), text, isPrivate, createdBy }: Pick<NoteDoc, 'text' | 'isPrivate'> & { _id?: Id; createdBy: Id },
  now: Date,
): Promise<NoteDoc> {
  const note: NoteDoc = {
    _id,
    tenantId,
    conversationId,
    leadId: leadId ?? null,
    text,
    isPrivate,
    createdBy,
    createdAt: now,
    updatedAt: now,
    deletedAt: null,
  }
  await store.models.notes.insertMany([note])
  return note
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
