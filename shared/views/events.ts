import type { ConversationUpdates, EventPayload, ScheduledState } from '../contracts/event-payloads.ts'
import type { EventName } from '../contracts/realtime-event.ts'
import type {
  CampaignDoc,
  ClientDoc,
  ConversationDoc,
  EventDoc,
  Id,
  MediaRef,
  MessageDoc,
  TemplateDoc,
} from '../model/documents.ts'
import { contactView, conversationView, errorView, messageView } from './views.ts'

/**
 * Every durable realtime event is built on this page: a constructor for each name of `EVENT_NAMES`, and one more for each other
 * occasion on which a conversation changes. A constructor answers the row of `events` that is written together with the change.
 */

/**
 * Ids of events. An id is made of its cause, so that a write that is repeated makes the same row and not a second event. Where
 * nothing names the cause the id holds a `unique` ObjectId, made inside the transaction that writes the row.
 *
 * | prefix | written by | occasion |
 * | --- | --- | --- |
 * | `r:` | recorder | a webhook item changed a message; with a second id: a number or a template |
 * | `u:` | recorder, merge | the state of a conversation after a batch of webhook items or a merge of contacts |
 * | `j:` | recorder, merge | a conversation was merged into another one |
 * | `a:` | gateway | a message was accepted |
 * | `again:` | gateway | a failed message is sent again |
 * | `g:` | gateway | a user or API key changed a conversation (or merged contacts, then behind `u:`) |
 * | `p:` | gateway | a contact changed, and how its conversations show it |
 * | `e:` | gateway | a contact was erased |
 * | `t:` | gateway | a template was created, changed or read from Meta |
 * | `c:` | gateway, sender, ingest | a number was paused, resumed, checked or warned about |
 * | `l:` | gateway, sender | a scheduled message was accepted, changed, cancelled or released, and its conversation |
 * | `d:` | sender | the outcome of an attempt or of a sweep: the message, and how its conversation shows it |
 * | `campaign:` | gateway, sender | the status or the counts of a campaign |
 * | `media:` | ingest | a file of a message was stored or given up |
 */
export const eventIds = {
  /** @param subjectId of the number or template, for one item may concern several */
  webhook: (webhookEventId: string, subjectId?: Id) => (subjectId ? `r:${webhookEventId}:${subjectId}` : `r:${webhookEventId}`),
  batch: (conversationId: Id, lastCause: string) => `u:${conversationId}:${lastCause}`,
  joined: (from: Id, to: Id) => `j:${from}:${to}`,
  accepted: (messageId: Id) => `a:${messageId}:conversation:updated`,
  retried: (messageId: Id, name: EventName, at: Date) => `again:${messageId}:${at.getTime()}:${name}`,
  edited: (unique: Id, name: EventName) => `g:${unique}:${name}`,
  contact: (unique: Id) => `p:${unique}`,
  erased: (unique: Id) => `e:${unique}`,
  template: (templateId: Id, unique: Id) => `t:${templateId}:${unique}`,
  number: (clientId: Id, about: string, at: Date) => `c:${clientId}:${about}:${at.getTime()}`,
  scheduled: (messageId: Id, state: ScheduledState, at: Date) => `l:${messageId}:${state}:${at.getTime()}`,
  cancelled: (messageId: Id, at: Date) => `l:${messageId}:${at.getTime()}:message:status`,
  released: (conversationId: Id, at: Date) => `l:${conversationId}:${at.getTime()}`,
  outcome: (messageId: Id, step: string, at: Date) => `d:${messageId}:${step}:${at.getTime()}`,
  outcomeShown: (messageId: Id, step: string, at: Date) => `d:${messageId}:${step}:${at.getTime()}:conversation:updated`,
  campaign: (campaignId: Id, status: string, at: Date) => `campaign:${campaignId}:${status}:${at.getTime()}`,
  media: (mediaId: Id, state: string, at: Date) => `media:${mediaId}:${state}:${at.getTime()}`,
}

/** @param from the sender's phone or user id */
export function messageReceived(eventId: string, message: MessageDoc, from: string | null, at: Date): EventDoc {
  return rowOf(eventId, 'message:received', message, at, {
    conversationId: String(message.conversationId),
    clientId: String(message.clientId),
    message: { ...messageView(message), from, text: message.content.text, timestamp: message.at.toISOString() },
  })
}

export function messageSent(eventId: string, message: MessageDoc, at: Date): EventDoc {
  return rowOf(eventId, 'message:sent', message, at, { ...aboutMessage(message), status: 'sent' })
}

/** The message as it is now: another status, cost, reaction, edit or revocation. */
export function messageStatus(eventId: string, message: MessageDoc, at: Date): EventDoc {
  const status = message.status.toLowerCase() as Lowercase<MessageDoc['status']>
  return rowOf(eventId, 'message:status', message, at, { ...aboutMessage(message), status, error: errorView(message.error) })
}

/** A failed message is QUEUED again, by a user's or API key's request. */
export const messageRetried = (message: MessageDoc, at: Date): EventDoc =>
  messageStatus(eventIds.retried(message._id, 'message:status', at), message, at)

const aboutMessage = (message: MessageDoc) => ({
  conversationId: String(message.conversationId),
  messageId: String(message._id),
  externalMessageId: message.wamid ?? null,
  message: messageView(message),
})

/** For the list of scheduled messages, wherever it is open. */
export function messageScheduled(message: MessageDoc, state: ScheduledState, at: Date): EventDoc {
  return rowOf(eventIds.scheduled(message._id, state, at), 'message:scheduled', message, at, {
    conversationId: String(message.conversationId),
    messageId: String(message._id),
    state,
    sendAt: message.sendAt?.toISOString() ?? null,
    message: messageView(message),
  })
}

/** The whole state of a conversation. @param more what only this occasion changes */
export function conversationUpdated(
  eventId: string,
  conversation: ConversationDoc,
  at: Date,
  more: ConversationUpdates = {},
): EventDoc {
  const { unreadCount, messageCount, windowExpiresAt, status } = conversation
  const state = { unreadCount, messageCount, windowExpiresAt: windowExpiresAt?.toISOString() ?? null, status }
  return updated(eventId, conversation, at, { ...state, ...lastMessageUpdates(conversation), ...more })
}

/** A user or API key changed it: read, closed, labelled, assigned. */
export function conversationEdited(unique: Id, conversation: ConversationDoc, at: Date): EventDoc {
  const id = eventIds.edited(unique, 'conversation:updated')
  return conversationUpdated(id, conversation, at, { assignedTo: assigneeOf(conversation) })
}

/** A failed message of it is QUEUED again. */
export const conversationRetried = (messageId: Id, conversation: ConversationDoc, at: Date): EventDoc =>
  conversationUpdated(eventIds.retried(messageId, 'conversation:updated', at), conversation, at)

/**
 * How a conversation shows the outcome of one of its messages. It is read outside a transaction, so `updates` holds no counters:
 * a webhook may change them at this moment.
 */
export const outcomeShown = (eventId: string, conversation: ConversationDoc, at: Date): EventDoc =>
  updated(eventId, conversation, at, lastMessageUpdates(conversation))

export function contactChanged(unique: Id, conversation: ConversationDoc, at: Date): EventDoc {
  const contact = contactView(conversation.contactId, conversation.contact)
  return updated(eventIds.contact(unique), conversation, at, { contact })
}

export const conversationErased = (unique: Id, conversation: ConversationDoc, at: Date): EventDoc =>
  updated(eventIds.erased(unique), conversation, at, { erased: true })

/** For whoever looks at the conversation that is gone: the one to go to comes along. */
export function conversationJoined(from: Id, to: ConversationDoc, at: Date): EventDoc {
  return updated(eventIds.joined(from, to._id), to, at, { joinedWith: String(to._id) }, from)
}

export function mediaSettled(
  message: Pick<MessageDoc, '_id'>,
  media: MediaRef,
  conversation: ConversationDoc,
  at: Date,
): EventDoc {
  const { id, state, mimeType, size, problem } = media
  const shown = { messageId: String(message._id), id: String(id), state, mimeType, size, problem: problem ?? null }
  return updated(eventIds.media(id, state, at), conversation, at, { media: shown })
}

function updated(
  eventId: string,
  conversation: ConversationDoc,
  at: Date,
  updates: ConversationUpdates,
  about: Id = conversation._id,
): EventDoc {
  const place = { ...conversation, conversationId: about }
  const payload = { conversationId: String(about), updates, conversation: conversationView(conversation, at) }
  return rowOf(eventId, 'conversation:updated', place, at, payload)
}

/** A message that waits for its `sendAt` is not the last message before its release. */
const lastMessageUpdates = ({ lastMessage, lastError }: ConversationDoc): ConversationUpdates => ({
  lastMessageAt: lastMessage?.at.toISOString() ?? null,
  lastMessageText: lastMessage?.text ?? null,
  lastMessageStatus: lastMessage?.status ?? null,
  lastError: errorView(lastError),
})

export function conversationAssigned(unique: Id, conversation: ConversationDoc, at: Date): EventDoc {
  const place = { ...conversation, conversationId: conversation._id }
  const payload = { conversationId: String(conversation._id), assignedTo: assigneeOf(conversation) }
  return rowOf(eventIds.edited(unique, 'conversation:assigned'), 'conversation:assigned', place, at, payload)
}

const assigneeOf = ({ assignedTo }: ConversationDoc) => (assignedTo ? { id: String(assignedTo.id), name: assignedTo.name } : null)

/** What `client:status` says besides the number's status. */
export interface ClientNews {
  /** Instead of what holds the number. */
  reason?: string | undefined
  /** Fields that differ from before. */
  changed?: string[] | undefined
}

export function numberStatus(eventId: string, client: ClientDoc, at: Date, { reason, changed }: ClientNews = {}): EventDoc {
  return rowOf(eventId, 'client:status', { ...client, clientId: client._id, conversationId: null }, at, {
    clientId: String(client._id),
    status: client.status,
    reason: reason ?? reasonOf(client),
    ...(changed && { changed }),
  })
}

const reasonOf = ({ pauseReason, statusReason, repliesOnly }: ClientDoc): string | null =>
  pauseReason ?? statusReason ?? (repliesOnly ? 'restricted' : null)

export function templateStatus(eventId: string, template: TemplateDoc, at: Date): EventDoc {
  return rowOf(eventId, 'template:status', { ...template, clientId: null, conversationId: null }, at, {
    templateId: String(template._id),
    name: template.name,
    language: template.language,
    status: template.status.toLowerCase(),
    reason: template.reason ?? null,
  })
}

export function campaignProgress(campaign: CampaignDoc, at: Date): EventDoc {
  const { _id, status } = campaign
  return rowOf(eventIds.campaign(_id, status, at), 'campaign:progress', { ...campaign, conversationId: null }, at, {
    campaignId: String(_id),
    status: status.toLowerCase(),
    counts: campaignCounts(campaign),
  })
}

/** The funnel of a campaign: its recipients, and what became of them. */
export const campaignCounts = ({ audience, released, skipped, counts }: CampaignDoc) => ({
  recipients: audience.recipients,
  pending: Math.max(0, audience.recipients - released - skipped),
  skipped,
  ...counts,
})

function rowOf<Name extends EventName>(
  eventId: string,
  name: Name,
  { tenantId, clientId, conversationId }: Pick<EventDoc, 'tenantId' | 'clientId' | 'conversationId'>,
  at: Date,
  payload: EventPayload<Name>,
): EventDoc {
  return { _id: eventId, tenantId, name, at, clientId, conversationId, userId: null, payload, createdAt: at }
}
