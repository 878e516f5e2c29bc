import { z } from 'zod'
import { SPEND_LEVELS } from '../domain/accounts/spend-ceiling.ts'
import type { EventName } from './realtime-event.ts'
import { ContactView, ConversationView, MessageErrorView, MessageView, NoteView } from './views.ts'

/** The payload of every durable event, as a schema; the envelope around it: `EventEnvelope`. Our own fields are closed, views are the API's. */

const id = z.string()
const at = z.iso.datetime()

/** `status` is lower case in events and upper case in views. `queued`: the message goes out again, or its template instead. */
export const EVENT_STATUSES = ['queued', 'sent', 'delivered', 'read', 'failed', 'received'] as const
export type EventStatus = (typeof EVENT_STATUSES)[number]

export const MessageReceived = z.strictObject({
  conversationId: id,
  clientId: id,
  /** The view, and the three fields that the older systems named. */
  message: MessageView.extend({ from: z.string().nullable(), text: z.string().nullable(), timestamp: at }),
})
export type MessageReceived = z.infer<typeof MessageReceived>

const aboutMessage = {
  conversationId: id,
  messageId: id,
  externalMessageId: z.string().nullable(),
  message: MessageView,
}

export const MessageSent = z.strictObject({ ...aboutMessage, status: z.literal('sent') })
export type MessageSent = z.infer<typeof MessageSent>

/** The message as it is now: another status, cost, reaction, edit or revocation. */
export const MessageStatusChanged = z.strictObject({
  ...aboutMessage,
  status: z.enum(EVENT_STATUSES),
  error: MessageErrorView.nullable(),
})
export type MessageStatusChanged = z.infer<typeof MessageStatusChanged>

export const SCHEDULED_STATES = ['scheduled', 'changed', 'cancelled', 'released'] as const
export type ScheduledState = (typeof SCHEDULED_STATES)[number]

/** A message with a `sendAt`: new, changed, cancelled, or on its way because its time has come. */
export const MessageScheduled = z.strictObject({
  conversationId: id,
  messageId: id,
  state: z.enum(SCHEDULED_STATES),
  sendAt: at.nullable(),
  message: MessageView,
})
export type MessageScheduled = z.infer<typeof MessageScheduled>

/** Of one file, once it is stored or given up. */
const MediaUpdate = z.strictObject({
  messageId: id,
  id,
  state: z.enum(['PENDING', 'STORED', 'FAILED', 'EXPIRED']),
  mimeType: z.string().nullable(),
  size: z.number().nullable(),
  problem: z.string().nullable(),
})

const Assignee = z.strictObject({ id, name: z.string().nullable() })

/** The fields that may have changed; what is missing has not. */
export const ConversationUpdates = z
  .strictObject({
    unreadCount: z.number().int(),
    messageCount: z.number().int(),
    /** Time of `lastMessage`; null while the conversation has no message. A scheduled message counts from its release. */
    lastMessageAt: at.nullable(),
    lastMessageText: z.string().nullable(),
    lastMessageStatus: z.string().nullable(),
    /** Null: the newest failure is over. */
    lastError: MessageErrorView.nullable(),
    windowExpiresAt: at.nullable(),
    status: z.enum(['open', 'closed']),
    assignedTo: Assignee.nullable(),
    labels: z.array(z.string()),
    waitingSince: at.nullable(),
    snoozedUntil: at.nullable(),
    contact: ContactView,
    media: MediaUpdate,
    /** The contact was erased and the conversation with it. */
    erased: z.literal(true),
    /** The conversation was merged into this one, which is the `conversation` of the event. */
    joinedWith: id,
  })
  .partial()
export type ConversationUpdates = z.infer<typeof ConversationUpdates>

export const ConversationUpdated = z.strictObject({
  conversationId: id,
  updates: ConversationUpdates,
  conversation: ConversationView,
})
export type ConversationUpdated = z.infer<typeof ConversationUpdated>

export const ConversationAssigned = z.strictObject({
  conversationId: id,
  assignedTo: Assignee.nullable(),
  /** Whose conversation it was before. */
  previouslyAssignedTo: Assignee.nullable().optional(),
})
export type ConversationAssigned = z.infer<typeof ConversationAssigned>

/** A private note; whoever is in `note.mentions` is to be told. */
export const NoteAdded = z.strictObject({ conversationId: id, note: NoteView })
export type NoteAdded = z.infer<typeof NoteAdded>

/** A label was made, changed, renamed or deleted. Rows with the earlier name follow within moments, without an event of their own. */
export const LabelChanged = z.strictObject({
  labelId: id,
  /** Null: deleted. */
  name: z.string().nullable(),
  /** Null: new. */
  previousName: z.string().nullable(),
  color: z.string(),
})
export type LabelChanged = z.infer<typeof LabelChanged>

export const ClientStatusChanged = z.strictObject({
  clientId: id,
  status: z.string(),
  /**
   * Why the number is paused, disconnected or may only answer; or `token-expiring`, `token-scopes`, `campaigns-held`: a
   * warning about a number that still sends. Null: nothing holds it.
   */
  reason: z.string().nullable(),
  /** Fields of the number that WhatsApp reports anew, such as `qualityRating`. */
  changed: z.array(z.string()).optional(),
})
export type ClientStatusChanged = z.infer<typeof ClientStatusChanged>

export const TemplateStatusChanged = z.strictObject({
  templateId: id,
  name: z.string(),
  language: z.string(),
  status: z.string(),
  reason: z.string().nullable(),
})
export type TemplateStatusChanged = z.infer<typeof TemplateStatusChanged>

export const CampaignProgress = z.strictObject({
  campaignId: id,
  status: z.string(),
  counts: z.record(z.string(), z.number()),
})
export type CampaignProgress = z.infer<typeof CampaignProgress>

/** The spend of the month has come nearer to the account's ceiling, or the ceiling was changed. */
export const SpendChanged = z.strictObject({
  /** `2026-11` */
  month: z.string(),
  /** `warning`: 80 % are spent. Otherwise what waits, with what stands before it: campaigns, templates, everything. Null: nothing. */
  level: z.enum(SPEND_LEVELS).nullable(),
})
export type SpendChanged = z.infer<typeof SpendChanged>
export const SubscriptionStatusChanged = z.strictObject({
  subscriptionId: id,
  name: z.string(),
  status: z.enum(['enabled', 'disabled', 'deleted']),
  /** Why it is disabled: `user`, `failing` (a day of failures) or `gone` (its endpoint answered 410). Null: it is not. */
  reason: z.enum(['user', 'failing', 'gone']).nullable(),
})
export type SubscriptionStatusChanged = z.infer<typeof SubscriptionStatusChanged>

export const EVENT_PAYLOADS = {
  'message:received': MessageReceived,
  'message:sent': MessageSent,
  'message:status': MessageStatusChanged,
  'message:scheduled': MessageScheduled,
  'conversation:updated': ConversationUpdated,
  'conversation:assigned': ConversationAssigned,
  'note:added': NoteAdded,
  'label:changed': LabelChanged,
  'client:status': ClientStatusChanged,
  'template:status': TemplateStatusChanged,
  'campaign:progress': CampaignProgress,
  'spend:changed': SpendChanged,
  'subscription:status': SubscriptionStatusChanged,
} as const satisfies Record<EventName, z.ZodType>
export type EventPayload<Name extends EventName> = z.infer<(typeof EVENT_PAYLOADS)[Name]>
