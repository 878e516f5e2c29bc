import type { ConversationUpdates, EventPayload, ScheduledState } from '../contracts/event-payloads.ts'
import type { EventName } from '../contracts/realtime-event.ts'
import type {
  CampaignDoc,
  ClientDoc,
  ConversationDoc,
  EventDoc,
  EventSubscriptionDoc,
  Id,
  LabelDoc,
  MediaRef,
  MessageDoc,
  NoteDoc,
  TemplateDoc,
} from '../model/documents.ts'
import { contactView, conversationView, errorView, messageView, noteView } from './views.ts'

/**
 * Constructors of all durable realtime events: one for each name of `EVENT_NAMES`, and further ones for the other occasions on
 * which a conversation changes. A constructor returns the row of `events` to write together with the change.
 */

/**
 * Ids of events. An id is derived from its cause, so that a repeated write makes the same row and not a second event. An event
 * whose cause has no id gets a `unique` ObjectId, made inside the transaction that writes the row.
 *
 * | prefix | written by | occasion |
 * | --- | --- | --- |
 * | `r:` | recorder | a webhook item changed a message; with a second id: a number or a template |
 * | `u:` | recorder, merge | the state of a conversation after a batch of webhook items and messages of ours, or a merge of contacts |
 * | `j:` | recorder, merge | a conversation was merged into another one |
 * | `again:` | gateway | a failed message is sent again |
 * | `g:` | gateway | a user or API key changed a conversation (for a merge of contacts it follows `u:`), or a job of it woke or assigned one |
 * | `note:` | gateway | a private note was added |
 * | `label:` | gateway | a label was made, changed or deleted |
 * | `p:` | gateway | a contact changed, and with it the copies in its conversations |
 * | `e:` | gateway | a contact was erased |
 * | `t:` | gateway | a template was created, changed or read from Meta |
 * | `c:` | gateway, sender, ingest | a number was paused, resumed, checked or warned about |
 * | `l:` | gateway, sender | a scheduled message was accepted, changed, cancelled or released |
 * | `d:` | sender | the outcome of an attempt or of a sweep; for a conversation, the error that it shows while a message waits |
 * | `campaign:` | gateway, sender | the status or the counts of a campaign |
 * | `spend:` | gateway | the spend of a month has reached another level of the ceiling |
 * | `subscription:` | gateway, sender | an event subscription was created, renamed, switched on or off, or deleted |
 * | `media:` | ingest | a file of a message was stored, or could not be stored |
 */
export const eventIds = {
  /** @param subjectId id of the number or template, because one item may concern several */
  webhook: (webhookEventId: string, subjectId?: Id) => (subjectId ? `r:${webhookEventId}:${subjectId}` : `r:${webhookEventId}`),
  batch: (conversationId: Id, lastCause: string) => `u:${conversationId}:${lastCause}`,
  joined: (from: Id, to: Id) => `j:${from}:${to}`,
  retried: (messageId: Id, name: EventName, at: Date) => `again:${messageId}:${at.getTime()}:${name}`,
  edited: (unique: Id, name: EventName) => `g:${unique}:${name}`,
  note: (noteId: Id) => `note:${noteId}`,
  label: (unique: Id) => `label:${unique}`,
  contact: (unique: Id) => `p:${unique}`,
  erased: (unique: Id) => `e:${unique}`,
  template: (templateId: Id, unique: Id) => `t:${templateId}:${unique}`,
  number: (clientId: Id, about: string, at: Date) => `c:${clientId}:${about}:${at.getTime()}`,
  scheduled: (messageId: Id, state: ScheduledState, at: Date) => `l:${messageId}:${state}:${at.getTime()}`,
  cancelled: (messageId: Id, at: Date) => `l:${messageId}:${at.getTime()}:message:status`,
  outcome: (messageId: Id, step: string, at: Date) => `d:${messageId}:${step}:${at.getTime()}`,
  conversationOutcome: (messageId: Id, step: string, at: Date) => `d:${messageId}:${step}:${at.getTime()}:conversation:updated`,
  spend: (unique: Id) => `spend:${unique}`,
  subscription: (unique: Id) => `subscription:${unique}`,
  campaign: (campaignId: Id, status: string, at: Date) => `campaign:${campaignId}:${status}:${at.getTime()}`,
  media: (mediaId: Id, state: string, at: Date) => `media:${mediaId}:${state}:${at.getTime()}`,
}

/** Whether the recorder told the state of a conversation by this event; for a merge, whoever merged. */
export const isOfRecorder = (eventId: string): boolean => eventId.startsWith('u:')

/** A message from a customer. @param from phone or user id of the customer */
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

/** A change of status, cost, reactions, edit or revocation; the payload holds the whole message as it is now. */
export function messageStatus(eventId: string, message: MessageDoc, at: Date): EventDoc {
  const status = message.status.toLowerCase() as Lowercase<MessageDoc['status']>
  return rowOf(eventId, 'message:status', message, at, { ...aboutMessage(message), status, error: errorView(message.error) })
}

/** A user or API key requested that a failed message be sent again: it is QUEUED. */
export const messageRetried = (message: MessageDoc, at: Date): EventDoc =>
  messageStatus(eventIds.retried(message._id, 'message:status', at), message, at)

const aboutMessage = (message: MessageDoc) => ({
  conversationId: String(message.conversationId),
  messageId: String(message._id),
  externalMessageId: message.wamid ?? null,
  message: messageView(message),
})

/** A scheduled message changed its state. For open lists of scheduled messages. */
export function messageScheduled(message: MessageDoc, state: ScheduledState, at: Date): EventDoc {
  return rowOf(eventIds.scheduled(message._id, state, at), 'message:scheduled', message, at, {
    conversationId: String(message.conversationId),
    messageId: String(message._id),
    state,
    sendAt: message.sendAt?.toISOString() ?? null,
    message: messageView(message),
  })
}

/** The whole state of a conversation. @param more further updates that only this occasion makes */
export function conversationUpdated(
  eventId: string,
  conversation: ConversationDoc,
  at: Date,
  more: ConversationUpdates = {},
): EventDoc {
  const { unreadCount, messageCount, windowExpiresAt, status, waitingSince, snoozedUntil } = conversation
  const state = {
    unreadCount,
    messageCount,
    windowExpiresAt: windowExpiresAt?.toISOString() ?? null,
    status,
    waitingSince: waitingSince?.toISOString() ?? null,
    snoozedUntil: snoozedUntil?.toISOString() ?? null,
  }
  return updated(eventId, conversation, at, { ...state, ...lastMessageUpdates(conversation), ...more })
}

/** A user or API key marked a conversation as read, closed, labelled or assigned it. */
export function conversationEdited(unique: Id, conversation: ConversationDoc, at: Date): EventDoc {
  const id = eventIds.edited(unique, 'conversation:updated')
  return conversationUpdated(id, conversation, at, { assignedTo: assigneeOf(conversation), labels: [...conversation.labels] })
}

/**
 * A conversation after the outcome of one of its messages. The row is read outside a transaction, so `updates` holds no counters:
 * a webhook may be changing them at the same time.
 */
export const conversationOutcome = (eventId: string, conversation: ConversationDoc, at: Date): EventDoc =>
  updated(eventId, conversation, at, lastMessageUpdates(conversation))

export function contactChanged(unique: Id, conversation: ConversationDoc, at: Date): EventDoc {
  const contact = contactView(conversation.contactId, conversation.contact)
  return updated(eventIds.contact(unique), conversation, at, { contact })
}

export const conversationErased = (unique: Id, conversation: ConversationDoc, at: Date): EventDoc =>
  updated(eventIds.erased(unique), conversation, at, { erased: true })

/** The conversation `from` was merged into `to`. Addressed to viewers of `from`; the payload names and holds `to`. */
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

/** Updates about the last message. A scheduled message becomes the last one only at its release. */
const lastMessageUpdates = ({ lastMessage, lastError }: ConversationDoc): ConversationUpdates => ({
  lastMessageAt: lastMessage?.at.toISOString() ?? null,
  lastMessageText: lastMessage?.text ?? null,
  lastMessageStatus: lastMessage?.status ?? null,
  lastError: errorView(lastError),
})

/** @param before whose conversation it was */
export function conversationAssigned(
  unique: Id,
  conversation: ConversationDoc,
  before: Pick<ConversationDoc, 'assignedTo'>,
  at: Date,
): EventDoc {
  const place = { ...conversation, conversationId: conversation._id }
  const previouslyAssignedTo = assigneeOf(before)
  const payload = { conversationId: String(conversation._id), assignedTo: assigneeOf(conversation), previouslyAssignedTo }
  return rowOf(eventIds.edited(unique, 'conversation:assigned'), 'conversation:assigned', place, at, payload)
}

const assigneeOf = ({ assignedTo }: Pick<ConversationDoc, 'assignedTo'>) =>
  assignedTo ? { id: String(assignedTo.id), name: assignedTo.name } : null

export function noteAdded(note: NoteDoc, { _id, clientId }: Pick<ConversationDoc, '_id' | 'clientId'>, at: Date): EventDoc {
  const place = { tenantId: note.tenantId, clientId, conversationId: _id }
  return rowOf(eventIds.note(note._id), 'note:added', place, at, { conversationId: String(_id), note: noteView(note) })
}

/** @param before the label as it was; null for a new one. A deleted label has the name null in the event. */
export function labelChanged(unique: Id, label: LabelDoc, before: LabelDoc | null, at: Date): EventDoc {
  const place = { tenantId: label.tenantId, clientId: null, conversationId: null }
  return rowOf(eventIds.label(unique), 'label:changed', place, at, {
    labelId: String(label._id),
    name: label.deletedAt ? null : label.name,
    previousName: before?.name ?? null,
    color: label.color,
  })
}

/** Fields of `client:status` besides the number's status. */
export interface NumberStatusDetails {
  /** Replaces the reason that is derived from the number's pause or restriction. */
  reason?: string | undefined
  /** Names of the fields that changed. */
  changed?: string[] | undefined
}

export function numberStatus(
  eventId: string,
  client: ClientDoc,
  at: Date,
  { reason, changed }: NumberStatusDetails = {},
): EventDoc {
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

export function spendChanged(unique: Id, tenantId: Id, { month, level }: EventPayload<'spend:changed'>, at: Date): EventDoc {
  return rowOf(eventIds.spend(unique), 'spend:changed', { tenantId, clientId: null, conversationId: null }, at, { month, level })
}

/** An event subscription was created, renamed, switched on or off, or deleted. Its address is not told: every user hears of it. */
export function subscriptionStatus(unique: Id, subscription: EventSubscriptionDoc, at: Date): EventDoc {
  const { tenantId, _id, name, status, disabledReason, deletedAt } = subscription
  const place = { tenantId, clientId: null, conversationId: null }
  return rowOf(eventIds.subscription(unique), 'subscription:status', place, at, {
    subscriptionId: String(_id),
    name,
    status: deletedAt ? 'deleted' : status === 'ENABLED' ? 'enabled' : 'disabled',
    reason: status === 'DISABLED' ? disabledReason : null,
  })
}

/** The funnel of a campaign: recipients, pending, skipped, and messages by status. */
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
