import { isBlocked } from '../domain/contacts/block.ts'
import { type CallFacts, callState, mergeCalls } from '../domain/messages/call.ts'
import { isObject, type Json, text } from '../meta/json.ts'
import { type CallItem, timeOf } from '../meta/webhook.ts'
import type { ClientDoc, ContactDoc, ConversationDoc, MessageDoc } from '../model/documents.ts'
import type { FoldContext } from './context.ts'
import { addToConversation, attend, conversationWith, linkLead, openWindowAt, updateLastMessage } from './conversation.ts'
import { showMessage } from './count.ts'
import { ERASED, isErasedMessage, isOfErased } from './erased.ts'
import { resolveContact, updateProfile } from './identity.ts'
import { sentFrom, webhookMessage } from './message.ts'
import { emitReceived, emitSent, emitStatus } from './realtime-events.ts'
import { addMessage, change, messageByWamid, type State, type Tracked, touch, track } from './state.ts'
import { ignored, PROCESSED, type Verdict } from './verdict.ts'

/** Events that make up a call; others, such as recordings, add nothing that is shown. */
const EVENTS = new Set(['connect', 'call_created', 'terminate', 'ringing', 'accepted', 'rejected'])

/** Shows a call in its thread: one entry, which grows with each event in any order, known by Meta's id of the call. */
export function foldCall(state: State, context: FoldContext, client: ClientDoc, item: CallItem): Verdict {
  const { tenantId } = client
  const stored = messageByWamid(state, tenantId, item.callId)
  if (isOfErased(state, tenantId, item.person, item) || (stored && isErasedMessage(state, stored.doc))) return ERASED
  const happened = eventOf(item)
  if (!EVENTS.has(happened)) return ignored('an event of a call that is not shown')
  const facts = factsOf(item, happened)
  return stored ? grow(state, context, stored, item, facts) : begin(state, context, client, item, facts)
}

const eventOf = ({ event }: CallItem): string => (text(event.event) ?? text(event.status) ?? '').toLowerCase()

function factsOf({ event, receivedAt }: CallItem, happened: string): CallFacts {
  const isOurs = event.type === 'call' || event.direction === 'BUSINESS_INITIATED'
  const [start, end] = [timeOf(event.start_time, receivedAt), timeOf(event.end_time, receivedAt)]
  const duration = Number(text(event.duration) ?? Number.NaN)
  const isEnd = happened === 'terminate'
  return {
    direction: isOurs ? 'outbound' : 'inbound',
    ...(start && { startedAt: start.toISOString() }),
    ...(end && { endedAt: end.toISOString() }),
    ...(Number.isFinite(duration) && duration >= 0 && { durationS: duration }),
    ...(isEnd && { isEnded: true as const }),
    ...(isEnd && text(event.status)?.toUpperCase() === 'FAILED' && { isFailed: true as const }),
    ...(happened === 'accepted' && { isAccepted: true as const }),
    ...(happened === 'rejected' && { isRejected: true as const }),
  }
}

/** When a call opened the window: that of a customer whether it was taken or not, ours once it was accepted. */
function openedAt({ direction, isAccepted, startedAt }: CallFacts, { at }: CallItem): Date | null {
  if (direction === 'inbound' || isAccepted) return at
  return startedAt === undefined ? null : new Date(startedAt)
}

function begin(state: State, context: FoldContext, client: ClientDoc, item: CallItem, facts: CallFacts): Verdict {
  const contact = resolveContact(state, context, client, item.person)
  if (contact === null) return ignored('nobody named in the call')
  const conversation = conversationWith(state, context, client, contact, item.at)
  updateProfile(state, contact, item.person)
  const isInbound = facts.direction === 'inbound'
  const leadId = isInbound ? linkLead(state, context, conversation, contact) : conversation.doc.leadId
  const message = track({ ...callMessage(context, client, conversation.doc, contact.doc, item, facts), leadId }, true)
  addMessage(state, message)
  const isUnread = isInbound && !isBlocked(contact.doc)
  const effect = { isUnread, opensWindow: false, isShown: true, isActivity: true }
  addToConversation(state, conversation, message, effect, item.receivedAt)
  openWindowAt(conversation, openedAt(facts, item), item.receivedAt)
  if (isInbound) emitReceived(state, item.eventId, message.doc, item.person.waId ?? item.person.userId, context.now)
  else emitSent(state, item.eventId, message.doc, context.now)
  touch(state, conversation, item.eventId)
  return PROCESSED
}

function callMessage(
  context: FoldContext,
  client: ClientDoc,
  conversation: ConversationDoc,
  contact: ContactDoc,
  item: CallItem,
  facts: CallFacts,
): MessageDoc {
  const written = { type: 'call', content: { text: null, media: null, template: null, data: dataOf(facts) } }
  const common = webhookMessage(context, client, conversation, contact, { wamid: item.callId, at: item.at }, written)
  return facts.direction === 'inbound'
    ? { ...common, direction: 'INBOUND', status: 'RECEIVED' }
    : { ...common, direction: 'OUTBOUND', status: 'SENT', ...sentFrom('app') }
}

const dataOf = (facts: CallFacts) => ({ ...facts, state: callState(facts) })

/** Adds what a further event says. The entry stands at the time of the first one. */
function grow(state: State, { now }: FoldContext, message: Tracked<MessageDoc>, item: CallItem, facts: CallFacts): Verdict {
  const { doc } = message
  const before = isObject(doc.content.data) ? doc.content.data : {}
  const { state: _, ...known } = before
  const direction = doc.direction === 'INBOUND' ? ('inbound' as const) : ('outbound' as const)
  const data = dataOf(mergeCalls({ ...(known as Json), direction }, facts))
  const at = new Date(Math.min(item.at.getTime(), doc.at.getTime()))
  const conversation = state.conversations.get(String(doc.conversationId))
  if (conversation) openWindowAt(conversation, openedAt({ ...facts, direction }, item), item.receivedAt)
  if (conversation) attendCall(state, conversation, doc, item)
  if (JSON.stringify(sorted(data)) !== JSON.stringify(sorted(before)) || at < doc.at) {
    change(message, { content: { ...doc.content, data }, at, updatedAt: now })
    emitStatus(state, item.eventId, doc, now)
    updateLastMessage(state, doc)
  }
  if (conversation) touch(state, conversation, item.eventId)
  return PROCESSED
}

/** A customer who called waits from the first event on; in the list the call stands at its last one. Both in any order. */
function attendCall(state: State, conversation: Tracked<ConversationDoc>, message: MessageDoc, item: CallItem): void {
  const contact = state.contacts.get(String(message.contactId))?.doc
  const isUnread = message.direction === 'INBOUND' && !(contact && isBlocked(contact))
  const at = isUnread && message.at < item.at ? message.at : item.at
  attend(conversation, message, { isUnread }, { at, arrivedAt: item.receivedAt })
  showMessage(conversation, { ...message, at: item.at }, { isUnread, isShown: true, isActivity: true })
}

const sorted = (object: object) => Object.entries(object).toSorted(([a], [b]) => (a < b ? -1 : 1))
