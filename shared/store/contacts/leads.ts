import type { ClientSession, HydratedDocument } from 'mongoose'
import { phoneVariants } from '../../domain/contacts/phone-variants.ts'
import { ApiError, notFound } from '../../domain/errors.ts'
import type { Id, LeadDoc, MessageDoc, NoteDoc, PipelineDoc } from '../../model/documents.ts'
import { newId, toId } from '../../model/ids.ts'
import { type Store, trusted } from '../connect.ts'
import { isDuplicateKey } from '../errors.ts'
import { findPage, type Page, type PageRequest, writeCursor } from '../pages.ts'
import { searchPattern } from '../search.ts'

type Key = Id | string
export interface LeadFilters {
  status?: string | undefined
  pipelineId?: string | undefined
  stageId?: string | undefined
  /** A part of a name or of a number in any usual form. */
  q?: string | undefined
}

/** Newest first. */
export async function listLeads(store: Store, tenantId: Key, filters: LeadFilters, page: PageRequest): Promise<Page<LeadDoc>> {
  const { status, pipelineId, stageId, q } = filters
  const filter = {
    tenantId,
    deletedAt: null,
    ...(status && { status }),
    ...(pipelineId && { pipelineId: toId(pipelineId) }),
    ...(stageId && { stageId: toId(stageId) }),
    ...(q && { $and: [trusted({ $or: searched(q) })] }),
  }
  return await findPage<LeadDoc>(store.models.leads, filter, 'createdAt', page)
}

function searched(q: string) {
  const { text, digits } = searchPattern(q)
  const byName = { name: trusted({ $regex: text, $options: 'i' }) }
  return digits === null ? [byName] : [byName, { phone: trusted({ $regex: digits }) }]
}

/** @throws ApiError 404 for unknown, deleted and other tenants' leads alike */
export async function getLead(store: Store, tenantId: Key, id: Key, session: ClientSession | null = null): Promise<LeadDoc> {
  const lead = await store.models.leads.findOne({ tenantId, _id: id, deletedAt: null }, null, { session }).lean()
  if (lead === null) throw notFound('Lead')
  return lead
}

/** What leads are called, by id. */
export async function findLeadNames(store: Store, tenantId: Key, ids: readonly Id[]): Promise<Map<string, string>> {
  const found = await store.models.leads.find({ tenantId, _id: trusted({ $in: [...ids] }) }, { name: 1 }).lean()
  return new Map(found.map(({ _id, name }) => [String(_id), name]))
}

export type LeadFields = Pick<LeadDoc, 'name' | 'phone' | 'status' | 'source' | 'pipelineId' | 'stageId' | 'createdBy'>

/** A lead by hand: it finds its contact and their threads, which had none. @throws ApiError 409 LEAD_EXISTS */
export async function createLead(store: Store, tenantId: Id, fields: LeadFields): Promise<LeadDoc> {
  const lead = { ...fields, _id: newId(), tenantId, deletedAt: null, updatedBy: fields.createdBy }
  return await once(() =>
    store.transaction(async session => {
      await refuseSecond(store, tenantId, fields.phone, session)
      const contactIds = await contactsOf(store, { tenantId, contactId: null, phone: fields.phone }, session)
      const [contactId] = contactIds
      const [made] = await store.models.leads.create([{ ...lead, contactId: contactId ?? null }], { session })
      if (contactId) {
        await noteRemoval(store, tenantId, contactIds, null, session)
        const bare = { tenantId, contactId, leadId: null }
        await store.models.conversations.updateMany(bare, { $set: { leadId: lead._id } }, { session })
      }
      return (made as HydratedDocument<LeadDoc>).toObject()
    }),
  )
}

/** @throws ApiError 409 LEAD_EXISTS when another one has the phone, 404 when it is gone */
export async function changeLead(store: Store, { tenantId, _id }: LeadDoc, set: Partial<LeadDoc>): Promise<LeadDoc> {
  const change = store.models.leads.findOneAndUpdate(
    { tenantId, _id, deletedAt: null },
    { $set: set },
    { returnDocument: 'after' },
  )
  const changed = await once(() => change.lean())
  if (changed === null) throw notFound('Lead')
  return changed
}

/** Its phone becomes free and its threads are without a lead, also when the person writes again: until somebody makes one by hand. */
export async function deleteLead(store: Store, lead: LeadDoc, by: Id, at: Date): Promise<void> {
  const { tenantId, _id } = lead
  await store.transaction(async session => {
    const contactIds = await contactsOf(store, lead, session)
    await store.models.conversations.updateMany({ tenantId, leadId: _id }, { $set: { leadId: null } }, { session })
    const gone = { deletedAt: at, phone: null, updatedBy: by }
    await store.models.leads.updateOne({ tenantId, _id }, { $set: gone }, { session })
    await noteRemoval(store, tenantId, contactIds, at, session)
  })
}

async function noteRemoval(store: Store, tenantId: Id, contactIds: Id[], at: Date | null, session: ClientSession): Promise<void> {
  const filter = { tenantId, _id: trusted({ $in: contactIds }) }
  await store.models.contacts.updateMany(filter, { $set: { leadDeletedAt: at } }, { session })
}

async function once<T>(work: () => Promise<T> | PromiseLike<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isDuplicateKey(error)) throw error
    throw leadExists({ cause: error })
  }
}

const leadExists = (options?: ErrorOptions) => new ApiError(409, 'LEAD_EXISTS', 'Another lead has this phone number', options)

/** The index knows the exact number only: its other form is the same person. */
async function refuseSecond(store: Store, tenantId: Id, phone: string | null, session: ClientSession): Promise<void> {
  if (phone === null) return
  const filter = { tenantId, phone: trusted({ $in: phoneVariants(phone) }), deletedAt: null }
  if (await store.models.leads.findOne(filter, { _id: 1 }, { session }).lean()) throw leadExists()
}

/** Who the lead is: the contact that it names, or those with its phone. */
async function contactsOf(
  store: Store,
  { tenantId, contactId, phone }: Pick<LeadDoc, 'tenantId' | 'contactId' | 'phone'>,
  session: ClientSession,
): Promise<Id[]> {
  const named = contactId ? [contactId] : []
  if (phone === null) return named
  const filter = { tenantId, waId: trusted({ $in: phoneVariants(phone) }), deletedAt: null }
  const found = await store.models.contacts.find(filter, { _id: 1 }, { session }).lean()
  return [...named, ...found.map(contact => contact._id)]
}

/** The threads in which the lead is spoken with, the liveliest first. */
export async function conversationsOf(store: Store, { tenantId, _id: leadId }: LeadDoc): Promise<Id[]> {
  const filter = { tenantId, leadId, deletedAt: null }
  const conversations = await store.models.conversations.find(filter, { _id: 1 }).sort({ lastActivityAt: -1 }).lean()
  return conversations.map(conversation => conversation._id)
}

/** What was noted about a lead: by people, or by the messages themselves. */
export type LeadNote = { at: Date; id: Id } & ({ note: NoteDoc } | { message: MessageDoc })

/** Newest first: notes are rows, and each message of the lead's threads is a note of itself. */
export async function listLeadNotes(
  store: Store,
  lead: LeadDoc,
  { limit, cursor }: Pick<PageRequest, 'limit' | 'cursor'>,
): Promise<Omit<Page<LeadNote>, 'page'>> {
  const { tenantId, _id: leadId } = lead
  const page = { page: 1, limit, cursor }
  const conversationId = trusted({ $in: await conversationsOf(store, lead) })
  const [notes, messages] = await Promise.all([
    findPage<NoteDoc>(store.models.notes, { tenantId, leadId, deletedAt: null }, 'createdAt', page),
    findPage<MessageDoc>(store.models.messages, { tenantId, conversationId }, 'at', page, { projection: { payload: 0 } }),
  ])
  const all: LeadNote[] = [
    ...notes.rows.map(note => ({ at: note.createdAt, id: note._id, note })),
    ...messages.rows.map(message => ({ at: message.at, id: message._id, message })),
  ].toSorted((a, b) => b.at.getTime() - a.at.getTime() || (String(b.id) < String(a.id) ? -1 : 1))
  const rows = all.slice(0, limit)
  const last = rows.at(-1)
  const hasMore = all.length > limit || notes.hasMore || messages.hasMore
  return {
    rows,
    total: notes.total + messages.total,
    totalIsExact: notes.totalIsExact && messages.totalIsExact,
    limit,
    hasMore,
    nextCursor: hasMore && last ? writeCursor(last.at, last.id) : null,
  }
}

/** All pipelines of a tenant, the default one first. */
export async function listPipelines(store: Store, tenantId: Key): Promise<PipelineDoc[]> {
  return await store.models.pipelines.find({ tenantId, deletedAt: null }).sort({ isDefault: -1, _id: 1 }).lean()
}
