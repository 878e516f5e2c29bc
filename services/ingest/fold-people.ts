import { Types } from 'mongoose'
import { isObject, text } from '#shared/meta/json.ts'
import type { MessageItem, Person } from '#shared/meta/webhook.ts'
import type { ClientDoc, ContactDoc, ContactSnapshot, ConversationDoc, Id, LeadDoc } from '#shared/store/documents.ts'
import { Draft, type RecordState } from '#shared/store/record-state.ts'

/** The contact of a person, found by user id, else by number (in any of its forms), else new; it learns what is new. */
export function contactOf(state: RecordState, tenantId: Id, person: Person, now: Date): Draft<ContactDoc> {
  const found = state.findContact(tenantId, person)
  if (found === undefined) return newContact(state, tenantId, person, now)
  learn(state, found, person, now)
  return found
}

function newContact(state: RecordState, tenantId: Id, person: Person, now: Date): Draft<ContactDoc> {
  const draft = new Draft<ContactDoc>(
    {
      _id: new Types.ObjectId(),
      tenantId,
      waId: person.waId,
      userId: person.userId,
      parentUserId: person.parentUserId,
      phone: person.waId,
      name: person.name,
      nameSource: person.name ? 'profile' : null,
      username: person.username,
      optOut: false,
      optOutAt: null,
      optOutSource: null,
      attributes: {},
      createdAt: now,
      updatedAt: now,
      deletedAt: null,
    },
    true,
  )
  state.addContact(draft)
  return draft
}

function learn(state: RecordState, draft: Draft<ContactDoc>, person: Person, now: Date): void {
  const { doc } = draft
  const isFree = (identity: Partial<Person>) =>
    state.findContact(doc.tenantId, { waId: null, userId: null, ...identity }) === undefined
  if (person.userId && !doc.userId && isFree({ userId: person.userId })) draft.set('userId', person.userId)
  if (person.waId && !doc.waId && isFree({ waId: person.waId })) {
    draft.set('waId', person.waId)
    draft.set('phone', person.waId)
  }
  if (person.parentUserId) draft.set('parentUserId', person.parentUserId)
  if (person.username) draft.set('username', person.username)
  if (person.name && doc.nameSource !== 'agent') {
    draft.set('name', person.name)
    draft.set('nameSource', 'profile')
  }
  if (draft.changed.size === 0) return
  draft.set('updatedAt', now)
  state.indexContact(draft)
}

/** A new number or user id, told by a system message: both keys move, the thread stays. */
export function moveIdentity(state: RecordState, item: MessageItem, draft: Draft<ContactDoc>, now: Date): void {
  if (!isObject(item.message.system)) return
  const { type, wa_id, user_id } = item.message.system
  const waId = text(wa_id)?.replace('+', '') ?? null
  const userId = text(user_id)
  if (type !== 'user_changed_number' && type !== 'user_changed_user_id') return
  const taken = state.findContact(draft.doc.tenantId, { waId, userId })
  if (taken !== undefined && taken !== draft) return
  if (waId) {
    draft.set('waId', waId)
    draft.set('phone', waId)
  }
  if (userId) draft.set('userId', userId)
  draft.set('updatedAt', now)
  state.indexContact(draft)
}

/** The conversation of a number with a contact; its copy of the contact follows. */
export function conversationOf(
  state: RecordState,
  client: ClientDoc,
  contact: Draft<ContactDoc>,
  now: Date,
): Draft<ConversationDoc> {
  const found = state.findConversation(client._id, contact.doc._id)
  if (found === undefined) return newConversation(state, client, contact.doc, now)
  const snapshot = snapshotOf(contact.doc)
  if (Object.entries(snapshot).some(([key, value]) => found.doc.contact[key as keyof ContactSnapshot] !== value))
    found.set('contact', snapshot)
  return found
}

function newConversation(state: RecordState, client: ClientDoc, contact: ContactDoc, now: Date): Draft<ConversationDoc> {
  const draft = new Draft<ConversationDoc>(
    {
      _id: new Types.ObjectId(),
      tenantId: client.tenantId,
      clientId: client._id,
      phoneNumberId: client.phoneNumberId,
      contactId: contact._id,
      contact: snapshotOf(contact),
      candidateName: null,
      candidateId: null,
      applicationId: null,
      leadId: leadOf(state, contact, now),
      status: 'open',
      assignedTo: null,
      labels: [],
      messageCount: 0,
      unreadCount: 0,
      lastMessage: null,
      lastActivityAt: now,
      lastInboundWamid: null,
      lastInboundAt: null,
      windowExpiresAt: null,
      referralAt: null,
      freeEntryPointExpiresAt: null,
      lastError: null,
      createdAt: now,
      updatedAt: now,
      deletedAt: null,
    },
    true,
  )
  state.addConversation(draft)
  return draft
}

/** Seed 003: a lead for everyone who writes, in the first stage of the default pipeline. Off by the tenant's setting. */
function leadOf(state: RecordState, contact: ContactDoc, now: Date): Id | null {
  const { tenantId, phone } = contact
  const pipeline = state.pipelines.get(String(tenantId))
  const stage = pipeline && [...pipeline.stages].sort((a, b) => a.order - b.order)[0]
  if (
    phone === null ||
    stage === undefined ||
    pipeline === undefined ||
    !state.tenants.get(String(tenantId))?.settings.leadsEnabled
  )
    return null
  const found = state.leads.get(`${tenantId}|${phone}`)
  if (found) return found.doc._id
  const lead: LeadDoc = {
    _id: new Types.ObjectId(),
    tenantId,
    contactId: contact._id,
    name: `WhatsApp +${phone}`,
    phone,
    status: 'ACTIVE',
    source: 'whatsapp',
    pipelineId: pipeline._id,
    stageId: stage._id,
    createdAt: now,
    updatedAt: now,
    deletedAt: null,
  }
  state.leads.set(`${tenantId}|${phone}`, new Draft(lead, true))
  return lead._id
}

export const snapshotOf = ({ waId, userId, phone, name, username, optOut }: ContactDoc): ContactSnapshot => ({
  waId,
  userId,
  phone,
  name,
  username,
  optOut,
})
