import type { ClientSession, HydratedDocument } from 'mongoose'
import { phoneVariants } from '../../domain/contacts/phone-variants.ts'
import { searchKeys, withKeys } from '../../domain/contacts/search-keys.ts'
import { ApiError, notFound } from '../../domain/errors.ts'
import type { Id, LeadDoc, MessageDoc, NoteDoc, PipelineDoc } from '../../model/documents.ts'
import { newId, toId } from '../../model/ids.ts'
import { type Store, trusted } from '../connect.ts'
import { isDuplicateKey } from '../errors.ts'
import { findPeople } from '../find-people.ts'
import { ifVisible, visibleContacts, visibleLeads, withAll } from '../inbox/visibility.ts'
import { findPage, type Page, type PageRequest, writeCursor } from '../pages.ts'
import type { Alongside } from '../transaction.ts'

type Key = Id | string
export interface LeadFilters {
  status?: string | undefined
  pipelineId?: string | undefined
  stageId?: string | undefined
  /** Beginnings of words of a name, or part of a phone number, as `searchTerms` reads them. */
  q?: string | undefined
}

/** Leads of a tenant, newest first. */
export async function listLeads(store: Store, tenantId: Key, filters: LeadFilters, page: PageRequest): Promise<Page<LeadDoc>> {
  const { status, pipelineId, stageId, q } = filters
  const filter = {
    tenantId,
    deletedAt: null,
    ...(status && { status }),
    ...(pipelineId && { pipelineId: toId(pipelineId) }),
    ...(stageId && { stageId: toId(stageId) }),
    ...withAll(await visibleLeads(store, tenantId)),
  }
  const { leads } = store.models
  if (q === undefined) return await findPage<LeadDoc>(leads, filter, 'createdAt', page)
  return await findPeople<LeadDoc>(leads, { filter, keys: 'keys', q }, 'createdAt', page)
}

/** @throws ApiError 404 for unknown, deleted and other tenants' leads alike */
export async function getLead(store: Store, tenantId: Key, id: Key, session: ClientSession | null = null): Promise<LeadDoc> {
  const visible = withAll(await visibleLeads(store, tenantId))
  const lead = await store.models.leads.findOne({ tenantId, _id: id, deletedAt: null, ...visible }, null, { session }).lean()
  if (lead === null) throw notFound('Lead')
  return lead
}

/** The lead with this id, also when it is deleted. */
export async function findLead(store: Store, tenantId: Id, id: Id): Promise<LeadDoc | null> {
  return await store.models.leads.findOne({ tenantId, _id: id }).lean()
}

/** Names of leads, by id. */
export async function findLeadNames(store: Store, tenantId: Key, ids: readonly Id[]): Promise<Map<string, string>> {
  const found = await store.models.leads.find({ tenantId, _id: trusted({ $in: [...ids] }) }, { name: 1 }).lean()
  return new Map(found.map(({ _id, name }) => [String(_id), name]))
}

export type LeadFields = Pick<LeadDoc, 'name' | 'phone' | 'status' | 'source' | 'pipelineId' | 'stageId' | 'createdBy'> & {
  _id?: Id
}

/**
 * Creates a lead for a user and links it with the contact that has its phone number and with that contact's conversations that
 * have no lead, as far as the user may see them. @throws ApiError 409 LEAD_EXISTS
 */
export async function createLead(store: Store, tenantId: Id, fields: LeadFields): Promise<LeadDoc> {
  const lead = { _id: newId(), ...fields, keys: searchKeys(fields), tenantId, deletedAt: null, updatedBy: fields.createdBy }
  const visible = withAll(await visibleContacts(store, tenantId))
  return await orLeadExists(() =>
    store.transaction(async session => {
      await refuseDuplicate(store, tenantId, fields.phone, session)
      const contactIds = await contactsOf(store, { tenantId, contactId: null, phone: fields.phone }, session, visible)
      const [contactId] = contactIds
      const [created] = await store.models.leads.create([{ ...lead, contactId: contactId ?? null }], { session })
      if (contactId) {
        await setLeadDeletedAt(store, tenantId, contactIds, null, session)
        const bare = { tenantId, contactId, leadId: null, ...ifVisible() }
        await store.models.conversations.updateMany(bare, { $set: { leadId: lead._id } }, { session })
      }
      return (created as HydratedDocument<LeadDoc>).toObject()
    }),
  )
}

/** Changes a lead. @throws ApiError 409 LEAD_EXISTS when another lead has the phone number, 404 when the lead is deleted */
export async function changeLead(store: Store, { tenantId, _id }: LeadDoc, set: Partial<LeadDoc>): Promise<LeadDoc> {
  const changed = await orLeadExists(() =>
    store.transaction(async session => {
      if (set.phone !== undefined) await refuseDuplicate(store, tenantId, set.phone, session, _id)
      const own = { tenantId, _id, deletedAt: null }
      const before = await store.models.leads.findOne(own, null, { session }).lean()
      if (before === null) return null
      const change = { $set: withKeys(before, set) }
      return await store.models.leads.findOneAndUpdate(own, change, { session, returnDocument: 'after' }).lean()
    }),
  )
  if (changed === null) throw notFound('Lead')
  return changed
}

/**
 * Deletes a lead: its phone number becomes free and its conversations have no lead. A new message from the person creates no lead
 * again; only a user can.
 */
export async function deleteLead(store: Store, lead: LeadDoc, by: Id, at: Date, alongside?: Alongside<null>): Promise<void> {
  const { tenantId, _id } = lead
  await store.transaction(async session => {
    const contactIds = await contactsOf(store, lead, session)
    await store.models.conversations.updateMany({ tenantId, leadId: _id }, { $set: { leadId: null } }, { session })
    const gone = { deletedAt: at, phone: null, keys: [], updatedBy: by }
    await store.models.leads.updateOne({ tenantId, _id }, { $set: gone }, { session })
    await setLeadDeletedAt(store, tenantId, contactIds, at, session)
    await alongside?.(null, session)
  })
}

/** @param at null: messages from these contacts may create a lead again */
async function setLeadDeletedAt(
  store: Store,
  tenantId: Id,
  contactIds: Id[],
  at: Date | null,
  session: ClientSession,
): Promise<void> {
  const filter = { tenantId, _id: trusted({ $in: contactIds }) }
  await store.models.contacts.updateMany(filter, { $set: { leadDeletedAt: at } }, { session })
}

/** Turns a duplicate key into LEAD_EXISTS. */
async function orLeadExists<T>(work: () => Promise<T> | PromiseLike<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isDuplicateKey(error)) throw error
    throw leadExists({ cause: error })
  }
}

const leadExists = (options?: ErrorOptions) =>
  new ApiError(409, 'LEAD_EXISTS', 'A lead with this phone number already exists.', options)

/** Refuses a phone number that a lead has in another form; the unique index covers the exact number only. @throws ApiError 409 */
async function refuseDuplicate(
  store: Store,
  tenantId: Id,
  phone: string | null,
  session: ClientSession,
  except: Id | null = null,
): Promise<void> {
  if (phone === null) return
  const others = except && { _id: trusted({ $ne: except }) }
  const filter = { tenantId, phone: trusted({ $in: phoneVariants(phone) }), deletedAt: null, ...others }
  if (await store.models.leads.findOne(filter, { _id: 1 }, { session }).lean()) throw leadExists()
}

/** The contacts of a lead: the one that it names, and those with its phone number. @param among further conditions for these */
async function contactsOf(
  store: Store,
  { tenantId, contactId, phone }: Pick<LeadDoc, 'tenantId' | 'contactId' | 'phone'>,
  session: ClientSession,
  among: object = {},
): Promise<Id[]> {
  const named = contactId ? [contactId] : []
  if (phone === null) return named
  const filter = { tenantId, waId: trusted({ $in: phoneVariants(phone) }), deletedAt: null, ...among }
  const found = await store.models.contacts.find(filter, { _id: 1 }, { session }).lean()
  return [...named, ...found.map(contact => contact._id)]
}

/** Conversations of a lead, the most recently active first. */
export async function conversationsOf(store: Store, { tenantId, _id: leadId }: LeadDoc): Promise<Id[]> {
  const filter = { tenantId, leadId, deletedAt: null, ...ifVisible() }
  const conversations = await store.models.conversations.find(filter, { _id: 1 }).sort({ lastActivityAt: -1 }).lean()
  return conversations.map(conversation => conversation._id)
}

/** An entry in the notes of a lead: a note of a user, or a message. */
export type LeadNote = { at: Date; id: Id } & ({ note: NoteDoc } | { message: MessageDoc })

/** Notes of a lead and messages of its conversations as one list, newest first. */
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
