import { addLead, leadOf, leadOfContact } from '../domain/contacts/lead-keys.ts'
import { windowEnd } from '../domain/messages/service-window.ts'
import type { ClientDoc, ContactDoc, ConversationDoc, Id, LastMessage, LeadDoc, MessageDoc } from '../model/documents.ts'
import { lastMessageOf, newConversation } from '../model/new-rows.ts'
import type { FoldContext } from './context.ts'
import { latest } from './merge-contacts.ts'
import { addConversation, change, pairKey, type State, type Tracked, track } from './state.ts'

/** The only conversation of a number with a contact, found or created. */
export function conversationWith(
  state: State,
  context: FoldContext,
  client: ClientDoc,
  contact: Tracked<ContactDoc>,
  at: Date,
): Tracked<ConversationDoc> {
  const found = state.conversationsByPair.get(pairKey(client._id, contact.doc._id))
  if (found) return found
  const conversation = track({ ...newConversation(client, contact.doc, context.now, context.newId()), lastActivityAt: at }, true)
  addConversation(state, conversation)
  return conversation
}

/** Effects of a message on its conversation, besides the message count. */
export interface ConversationEffect {
  /** Counts as unread and opens a closed conversation. */
  isUnread: boolean
  /** Opens the customer service window of 24 h. */
  opensWindow: boolean
  /** Shown as last message in the list of conversations. */
  isShown: boolean
}

/** Updates counts, last message and window; the result is the same in any order of messages. */
export function addToConversation(
  conversation: Tracked<ConversationDoc>,
  message: MessageDoc,
  weight: ConversationEffect,
  arrivedAt: Date,
): void {
  const { doc } = conversation
  const fields: Partial<ConversationDoc> = { messageCount: doc.messageCount + 1 }
  if (weight.isUnread) Object.assign(fields, { unreadCount: doc.unreadCount + 1, status: 'open' })
  if (weight.isShown && isNewest(doc.lastMessage, message.at)) {
    fields.lastMessage = lastMessageOf(message)
    fields.lastActivityAt = latest(doc.lastMessage?.at ?? null, message.at) as Date
  }
  if (weight.opensWindow) {
    fields.windowExpiresAt = latest(doc.windowExpiresAt, windowEnd(message.at, arrivedAt))
    if (message.at.getTime() >= (doc.lastInboundAt?.getTime() ?? 0)) {
      fields.lastInboundAt = message.at
      fields.lastInboundWamid = message.wamid
    }
  }
  if (message.referral) fields.referralAt = latest(doc.referralAt, message.at)
  change(conversation, fields)
}

/** Whether a message is the newest; in the same second the later arrival counts as newer, as in the conversation itself. */
const isNewest = (last: LastMessage | null, at: Date) => last === null || at.getTime() >= last.at.getTime()

/** Updates the list of conversations after a change of its last message; null when the message is not the last one. */
export function updateLastMessage(state: State, message: MessageDoc): Tracked<ConversationDoc> | null {
  const conversation = state.conversations.get(String(message.conversationId))
  if (!conversation?.doc.lastMessage?.messageId.equals(message._id)) return null
  change(conversation, { lastMessage: lastMessageOf(message) })
  return conversation
}

/**
 * Lead of a contact, found by the contact, by another conversation or by any form of the phone; otherwise created in the first
 * stage of the tenant's default pipeline. None is created for a contact whose lead somebody deleted.
 */
export function linkLead(
  state: State,
  context: FoldContext,
  conversation: Tracked<ConversationDoc>,
  contact: Tracked<ContactDoc>,
): Id | null {
  const { tenantId, leadId } = conversation.doc
  const { doc } = contact
  const phone = doc.phone ?? doc.waId
  if (leadId !== null || phone === null || doc.leadDeletedAt || !context.tenants.get(String(tenantId))?.settings.leadsEnabled)
    return leadId
  const found = leadOfContact(state.leads, doc)?._id ?? leadOfOtherConversation(state, contact) ?? leadOf(state.leads, doc)?._id
  const linked = found ?? createLead(state, context, doc, phone)?._id ?? null
  if (linked !== null) change(conversation, { leadId: linked })
  return linked
}

/** Lead of the contact's conversation with another of the tenant's numbers: the phone may have changed since. */
function leadOfOtherConversation(state: State, { doc, isNew }: Tracked<ContactDoc>): Id | undefined {
  if (isNew) return undefined
  for (const { doc: conversation } of state.conversations.values())
    if (conversation.leadId && conversation.contactId.equals(doc._id) && !conversation.deletedAt) return conversation.leadId
  return undefined
}

function createLead(state: State, { newId, now, pipelines }: FoldContext, contact: ContactDoc, phone: string): LeadDoc | null {
  const { tenantId } = contact
  const pipeline = pipelines.get(String(tenantId))
  const stage = pipeline?.stages.toSorted((a, b) => a.order - b.order)[0]
  if (pipeline === undefined || stage === undefined) return null
  const lead: LeadDoc = {
    _id: newId(),
    tenantId,
    contactId: contact._id,
    name: `WhatsApp ${phone}`,
    phone,
    status: 'ACTIVE',
    source: 'whatsapp',
    pipelineId: pipeline._id,
    stageId: stage._id,
    createdAt: now,
    updatedAt: now,
    createdBy: null,
    updatedBy: null,
    deletedAt: null,
  }
  addLead(state.leads, lead)
  state.newLeads.push(lead)
  return lead
}
