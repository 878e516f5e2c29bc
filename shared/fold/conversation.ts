import { repliesAfter } from '../domain/campaigns/replies.ts'
import { addLead, leadOf, leadOfContact } from '../domain/contacts/lead-keys.ts'
import { searchKeys } from '../domain/contacts/search-keys.ts'
import { afterAnswer, afterCustomer, isAnswer, isWrittenElsewhere } from '../domain/inbox/waiting.ts'
import { windowEnd } from '../domain/messages/service-window.ts'
import { portfolioOf } from '../domain/numbers/sending.ts'
import type { ClientDoc, ContactDoc, ConversationDoc, Id, LeadDoc, MessageDoc } from '../model/documents.ts'
import { copyOf, lastMessageOf, newConversation } from '../model/new-rows.ts'
import type { FoldContext } from './context.ts'
import { addUnread, type CountEffect, countMessage, showMessage } from './count.ts'
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
  if (found) return inPortfolio(found, client, contact.doc)
  const conversation = track({ ...newConversation(client, contact.doc, context.now, context.newId()), lastActivityAt: at }, true)
  addConversation(state, conversation)
  return conversation
}

/** A conversation that was stored under its account gets the portfolio of its number once it is known. */
function inPortfolio(conversation: Tracked<ConversationDoc>, client: ClientDoc, contact: ContactDoc): Tracked<ConversationDoc> {
  const portfolio = portfolioOf(client)
  const { portfolio: before, candidateName } = conversation.doc
  if (before && portfolio && before !== portfolio)
    change(conversation, { portfolio, contact: copyOf(contact, { portfolio, candidateName }) })
  return conversation
}

/** Effects of a message from WhatsApp on its conversation, besides the message count. */
export interface ConversationEffect extends CountEffect {
  /** Opens the customer service window of 24 h. */
  opensWindow: boolean
}

/**
 * Counts a message and updates last message and window. The result is the same in any order of messages, and for a message that
 * is added again.
 */
export function addToConversation(
  state: State,
  conversation: Tracked<ConversationDoc>,
  message: Tracked<MessageDoc>,
  effect: ConversationEffect,
  arrivedAt: Date,
): void {
  const isNew = countMessage(state, conversation, message)
  if (isNew && effect.isUnread) addUnread(conversation)
  attend(conversation, message.doc, effect, { at: message.doc.at, arrivedAt })
  if (effect.isShown) showMessage(conversation, message.doc, effect)
  else if (isNew) hear(conversation, message.doc.at)
  if (effect.opensWindow) openWindow(conversation, message.doc, isNew, arrivedAt)
  const { referral, at } = message.doc
  if (referral) change(conversation, { referralAt: latest(conversation.doc.referralAt, at) })
}

/** Until a message is shown, the list has the conversation at the newest of what was heard. */
function hear(conversation: Tracked<ConversationDoc>, at: Date): void {
  const { lastMessage, lastActivityAt } = conversation.doc
  if (lastMessage === null && at > lastActivityAt) change(conversation, { lastActivityAt: at })
}

/**
 * A message that waits for an answer, or that answers. @param times of the message, or of what more is known of it: a repeated
 * message arrived when its row was written, if not before
 */
export function attend(
  conversation: Tracked<ConversationDoc>,
  message: MessageDoc,
  { isUnread }: Pick<ConversationEffect, 'isUnread'>,
  { at, arrivedAt }: { at: Date; arrivedAt: Date },
): void {
  const { doc } = conversation
  const { _id: id, createdAt } = message
  const answered = isAnswer(message) ? afterAnswer(doc, { at, isElsewhere: isWrittenElsewhere(message) }) : null
  const waits = isUnread ? afterCustomer(doc, { id, at, arrivedAt: createdAt < arrivedAt ? createdAt : arrivedAt }) : null
  const campaignReplies = isUnread ? repliesAfter(doc, at) : null
  const changed = { ...answered, ...waits, ...(campaignReplies && { campaignReplies }) }
  if (Object.keys(changed).length > 0) change(conversation, changed)
}

/** Opens the window by something that is no message: no read receipt can go to it. */
export function openWindowAt(conversation: Tracked<ConversationDoc>, at: Date | null, arrivedAt: Date): void {
  if (at === null) return
  const until = latest(conversation.doc.windowExpiresAt, windowEnd(at, arrivedAt))
  if (until !== conversation.doc.windowExpiresAt) change(conversation, { windowExpiresAt: until })
}

function openWindow(conversation: Tracked<ConversationDoc>, { at, wamid }: MessageDoc, isNew: boolean, arrivedAt: Date): void {
  const { windowExpiresAt, lastInboundAt } = conversation.doc
  const leadMs = at.getTime() - (lastInboundAt?.getTime() ?? 0)
  // Of the same second the later arrival is the last one, as in the thread, where its id is greater.
  const isLast = leadMs > 0 || (leadMs === 0 && isNew)
  change(conversation, {
    windowExpiresAt: latest(windowExpiresAt, windowEnd(at, arrivedAt)),
    ...(isLast && { lastInboundAt: at, lastInboundWamid: wamid }),
  })
}

/** Updates the list of conversations after a change of its last message; null when the message is not the last one. */
export function updateLastMessage(state: State, message: MessageDoc): Tracked<ConversationDoc> | null {
  const conversation = state.conversations.get(String(message.conversationId))
  if (!conversation?.doc.lastMessage?.messageId.equals(message._id)) return null
  // A call is the newest by its last event, and stands in the thread at its first.
  const at = latest(conversation.doc.lastMessage.at, message.at) as Date
  change(conversation, { lastMessage: { ...lastMessageOf(message), at } })
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
  const name = `WhatsApp ${phone}`
  const lead: LeadDoc = {
    _id: newId(),
    tenantId,
    contactId: contact._id,
    name,
    phone,
    keys: searchKeys({ name, phone }),
    status: 'ACTIVE',
    source: 'whatsapp',
    ...(contact.firstReferral && { referral: contact.firstReferral }),
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
