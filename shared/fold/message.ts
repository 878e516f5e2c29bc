import { isBlocked } from '../domain/contacts/block.ts'
import { isStopTap, isStopWord } from '../domain/contacts/stop-word.ts'
import { firstReferral, latestReferral, type Referral } from '../domain/inbox/referral.ts'
import { isLateFor } from '../domain/inbox/retention.ts'
import { byMessage } from '../domain/inbox/thread-owner.ts'
import { parseCallbackData } from '../domain/messages/callback-data.ts'
import { ownPhone, type ReadContent, readContent, readReferral } from '../meta/content.ts'
import { isObject, type Json, text } from '../meta/json.ts'
import type { EchoItem, MessageItem } from '../meta/webhook.ts'
import type { ClientDoc, ContactDoc, ConversationDoc, InboundHops, MessageContent, MessageDoc } from '../model/documents.ts'
import { keysFor, newMessage } from '../model/new-rows.ts'
import { isBeginning, markForAnswer } from './automatic-answers.ts'
import type { FoldContext } from './context.ts'
import { addToConversation, type ConversationEffect, conversationWith, linkLead } from './conversation.ts'
import { eraseStored, isMessageOfErased } from './erased.ts'
import { changeContact, prefer, repeatSnapshots, resolveContact, resolveGroup, updateProfile } from './identity.ts'
import { emitReceived, emitSent } from './realtime-events.ts'
import { applyEdit, applyReaction, applyRevoke } from './revisions.ts'
import { noteOwner } from './routing/owner.ts'
import { addMessage, change, messageByWamid, type State, type Tracked, touch, track } from './state.ts'
import { contactOfSystem } from './system.ts'
import { ignored, PROCESSED, type Verdict } from './verdict.ts'

const FROM_CUSTOMER: ConversationEffect = { isUnread: true, opensWindow: true, isShown: true, isActivity: true }
/** From a contact that is blocked here but that Meta could not block: stored, but not unread. */
const FROM_BLOCKED: ConversationEffect = { ...FROM_CUSTOMER, isUnread: false }
/** Sent to a group: opens no window, because nothing is sent to groups. */
const IN_GROUP: ConversationEffect = { ...FROM_CUSTOMER, opensWindow: false }
/** Created by WhatsApp, not by the customer: a new number, a handover. */
export const FROM_SYSTEM: ConversationEffect = { isUnread: false, opensWindow: false, isShown: false, isActivity: false }
/** Copy of what another app of the business answers. */
const FOR_OTHER_APP: ConversationEffect = { ...FROM_CUSTOMER, isUnread: false }
const FROM_PHONE: ConversationEffect = { isUnread: false, opensWindow: false, isShown: true, isActivity: true }

export function foldMessage(state: State, context: FoldContext, client: ClientDoc, item: MessageItem): Verdict {
  if (isMessageOfErased(state, client.tenantId, item)) return eraseStored(state, client.tenantId, item.wamid, context.now)
  const read = readContent(item.message)
  const part = item.message[read.type]
  const revision = isObject(part) ? revise(state, context, client, item, read.type, part) : null
  if (revision !== null) return revision
  const stored = messageByWamid(state, client.tenantId, item.wamid)
  if (stored && !isOfThisItem(stored.doc, item)) return ignored('message already stored')
  const system = read.type === 'system' && isObject(part) ? part : null
  const contact = contactOf(state, context, client, item, system)
  if (contact === null) return ignored('no sender named')
  const conversation = conversationWith(state, context, client, contact, item.at)
  const isOfPerson = item.groupId === null
  if (isOfPerson) learn(state, contact, conversation.doc, item)
  if (isOfPerson) noteReferral(contact, conversation, readReferral(item.message, item.at))
  const isLead = isOfPerson && system === null
  const leadId = isLead ? linkLead(state, context, conversation, contact) : conversation.doc.leadId
  const message = stored ?? track({ ...inboundMessage(context, client, conversation.doc, contact.doc, item, read), leadId }, true)
  if (isOfPerson) optOut(state, context, contact, message.doc)
  if (stored) repeatSnapshots(state, contact)
  place(state, message, conversation, contact, read)
  const effect = effectOf(contact.doc, item, system !== null)
  const begins = isBeginning(conversation.doc)
  const { lastInboundAt } = conversation.doc
  addToConversation(state, conversation, message, effect, item.receivedAt)
  if (effect === FROM_CUSTOMER) markForAnswer(conversation, client, contact.doc, item, begins)
  if (isLead) noteOwner(conversation, byMessage(item.isOfOtherApp ? 'other' : 'platform', item.at), lastInboundAt)
  retryBlock(state, contact, context.now)
  emitReceived(state, item.eventId, message.doc, item.person.waId ?? item.person.userId, context.now)
  touch(state, conversation, item.eventId)
  return PROCESSED
}

/** The thread of a message is its group's, or its writer's. */
function contactOf(
  state: State,
  context: FoldContext,
  client: ClientDoc,
  { groupId, person }: MessageItem,
  system: Json | null,
): Tracked<ContactDoc> | null {
  if (groupId !== null) return resolveGroup(state, context, client, groupId)
  if (system !== null) return contactOfSystem(state, context, client, { person, system })
  return resolveContact(state, context, client, person)
}

/** What a private message says of its writer: the newest profile, and a phone number that was shared. */
function learn(state: State, contact: Tracked<ContactDoc>, conversation: ConversationDoc, item: MessageItem): void {
  if (item.at.getTime() >= (conversation.lastInboundAt?.getTime() ?? 0)) updateProfile(state, contact, item.person)
  storeSharedPhone(state, contact, item)
}

/** Where a customer came from: the first ad stays with the person, the latest with the conversation. */
function noteReferral(contact: Tracked<ContactDoc>, conversation: Tracked<ConversationDoc>, referral: Referral | null): void {
  if (referral === null) return
  const first = firstReferral(contact.doc.firstReferral, referral)
  if (first === referral) change(contact, { firstReferral: first })
  const latest = latestReferral(conversation.doc.lastReferral, referral)
  if (latest === referral) change(conversation, { lastReferral: latest })
}

/** Age that a stored message may have before its webhook arrived and still be of it: clocks of two machines differ by less. */
const CLOCKS_MS = 60_000

/**
 * Whether an interrupted try of this item stored the message, so that what follows from it may be missing. Otherwise it came on
 * another way before, or its webhook was sent again.
 */
const isOfThisItem = ({ createdAt }: MessageDoc, { receivedAt }: MessageItem | EchoItem) =>
  createdAt.getTime() > receivedAt.getTime() - CLOCKS_MS

/** Puts a new message into its conversation, or a stored one whose conversation was merged or erased since. */
function place(
  state: State,
  message: Tracked<MessageDoc>,
  { doc }: Tracked<ConversationDoc>,
  contact: Tracked<ContactDoc>,
  read: ReadContent,
): void {
  if (message.isNew) {
    quote(state, message.doc, read)
    addMessage(state, message)
  } else if (!message.doc.conversationId.equals(doc._id)) {
    delete message.doc.seq
    change(message, { conversationId: doc._id, contactId: contact.doc._id, isUncounted: true })
  }
}

/** Applies a reaction, edit or revocation of either side to the message that it refers to; null for any other message. */
function revise(
  state: State,
  context: FoldContext,
  client: ClientDoc,
  item: MessageItem | EchoItem,
  type: string,
  part: Json,
): Verdict | null {
  const direction = item.kind === 'echo' ? 'OUTBOUND' : 'INBOUND'
  if (type === 'reaction' && text(part.message_id)) return applyReaction(state, context, client, item, part, direction)
  if (type === 'edit' && text(part.original_message_id)) return applyEdit(state, context, client, item, part)
  if (type === 'revoke' && text(part.original_message_id)) return applyRevoke(state, context, client, item, part)
  return null
}

function effectOf(contact: ContactDoc, { groupId, isOfOtherApp }: MessageItem, isSystem: boolean): ConversationEffect {
  if (isSystem) return FROM_SYSTEM
  if (isBlocked(contact)) return FROM_BLOCKED
  if (isOfOtherApp) return FOR_OTHER_APP
  return groupId !== null ? IN_GROUP : FROM_CUSTOMER
}

/** Retries a block that Meta refused: it blocks only people who wrote within 24 h. */
function retryBlock(state: State, contact: Tracked<ContactDoc>, now: Date): void {
  const { block } = contact.doc
  if (block?.state === 'REFUSED') changeContact(state, contact, { block: { ...block, state: 'PENDING', nextAt: now } })
}

/** Stores the phone of a person who shared it while Meta hides it. It is displayed only; WhatsApp still uses the user id. */
function storeSharedPhone(state: State, contact: Tracked<ContactDoc>, item: MessageItem): void {
  const phone = ownPhone(item.message)
  if (phone !== null && contact.doc.phone === null) changeContact(state, contact, { phone })
}

/** Whether a text is a stop word, or a button of a template was tapped that says or means so. */
function asksToStop({ type, content: { text: written, data } }: MessageDoc, words: string[] | undefined): boolean {
  if (type === 'text') return isStopWord(written, words)
  return type === 'button' && isStopTap(written, isObject(data) ? text(data.payload) : null, words)
}

/** Opts a person out who sent a stop word, unless a newer preference of theirs is known. */
function optOut(state: State, { tenants }: FoldContext, contact: Tracked<ContactDoc>, message: MessageDoc): void {
  if (!asksToStop(message, tenants.get(String(message.tenantId))?.settings.stopWords)) return
  prefer(state, contact, { optOut: true, optOutAt: message.at, optOutSource: 'stop-word' })
}

/** Adds a message that the business wrote in its own app, as sent from the phone. */
export function foldEcho(state: State, context: FoldContext, client: ClientDoc, item: EchoItem): Verdict {
  if (isMessageOfErased(state, client.tenantId, item)) return eraseStored(state, client.tenantId, item.wamid, context.now)
  const read = readContent(item.message)
  const part = item.message[read.type]
  const revision = isObject(part) ? revise(state, context, client, item, read.type, part) : null
  if (revision !== null) return revision
  const stored = messageByWamid(state, client.tenantId, item.wamid)
  if (stored && !isOfThisItem(stored.doc, item)) return ignored('message already stored')
  const own = parseCallbackData(item.message.biz_opaque_callback_data)
  if (own && state.messages.has(own.messageId)) return ignored('a message of this platform')
  const contact = resolveContact(state, context, client, item.person)
  if (contact === null) return ignored('no recipient named')
  const conversation = conversationWith(state, context, client, contact, item.at)
  const message = stored ?? track(echoedMessage(context, client, conversation.doc, contact.doc, item, read), true)
  place(state, message, conversation, contact, read)
  addToConversation(state, conversation, message, FROM_PHONE, item.receivedAt)
  if (item.isOfOtherApp) noteOwner(conversation, byMessage('other', item.at))
  emitSent(state, item.eventId, message.doc, context.now)
  touch(state, conversation, item.eventId)
  return PROCESSED
}

export function quote(state: State, message: MessageDoc, { replyTo }: ReadContent): void {
  if (replyTo === null) return
  const quoted = messageByWamid(state, message.tenantId, replyTo)
  message.replyTo = { messageId: quoted?.doc._id ?? null, wamid: replyTo }
}

function inboundMessage(
  context: FoldContext,
  client: ClientDoc,
  conversation: ConversationDoc,
  contact: ContactDoc,
  item: MessageItem,
  read: ReadContent,
): MessageDoc {
  const referral = isObject(item.message.referral) ? item.message.referral : null
  const { waId, userId, name, username } = item.person
  return {
    ...webhookMessage(context, client, conversation, contact, item, read),
    direction: 'INBOUND',
    status: 'RECEIVED',
    ...(item.groupId !== null && { author: { waId, userId, name, username } }),
    ...(item.isOfOtherApp && { isOfOtherApp: true }),
    ...(referral && { referral }),
    ...(read.forwarded && { forwarded: true }),
  }
}

function echoedMessage(
  context: FoldContext,
  client: ClientDoc,
  conversation: ConversationDoc,
  contact: ContactDoc,
  item: EchoItem,
  read: ReadContent,
): MessageDoc {
  return {
    ...webhookMessage(context, client, conversation, contact, item, read),
    ...(item.isOfOtherApp && { content: withoutFile(read.content) }),
    direction: 'OUTBOUND',
    status: 'SENT',
    ...sentFrom(item.isOfOtherApp ? 'app' : 'phone'),
  }
}

/** A file that another app sent is that app's: it is named, and not fetched. */
const withoutFile = (content: MessageContent): MessageContent => ({
  ...content,
  media: content.media && {
    ...content.media,
    url: null,
    state: 'FAILED',
    problem: 'Another app of the business sent the file, and only that app can read it.',
  },
})

/** Sender of what did not go out through this platform. */
export const sentFrom = (kind: 'phone' | 'app'): Pick<MessageDoc, 'sentBy' | 'origin'> => ({
  sentBy: { kind, id: null, name: null },
  origin: kind,
})

const hopsOf = (receivedAt: Date, publishedAt: Date | undefined): InboundHops => ({
  receivedAt,
  ...(publishedAt && { publishedAt }),
})

/** Fields that all messages of a webhook share. */
export function webhookMessage(
  { newId, now }: FoldContext,
  client: ClientDoc,
  conversation: ConversationDoc,
  contact: ContactDoc,
  item: Pick<MessageDoc, 'wamid' | 'at'> & Partial<Pick<MessageItem, 'isTimeUnreadable' | 'receivedAt' | 'publishedAt'>>,
  read: Pick<ReadContent, 'type' | 'content'>,
): Omit<MessageDoc, 'direction' | 'status'> {
  const keys = contact.groupId ? { ...keysFor(contact, client), userId: contact.groupId } : keysFor(contact, client)
  return {
    ...newMessage({ client, conversation, contact: keys }, read, now, newId()),
    ...(item.isTimeUnreadable && { isTimeUnreadable: true }),
    ...(item.receivedAt && { hops: hopsOf(item.receivedAt, item.publishedAt) }),
    statusUpdatedAt: item.at,
    wamid: item.wamid,
    at: item.at,
    ...(isLateFor(item.at, now) && { isLate: true }),
  }
}
