import { z } from 'zod'
import { WAITING_REASONS } from '../domain/messages/dispatch.ts'

/** Views that the API returns and the sockets emit. Ids are strings, dates ISO 8601, absent values null. */
const id = z.string()
const at = z.iso.datetime()

export const MESSAGE_TYPES = [
  'text',
  'image',
  'audio',
  'video',
  'document',
  'sticker',
  'location',
  'contacts',
  'reaction',
  'interactive',
  'button',
  'template',
  'order',
  'system',
  'request_welcome',
  'call',
  'handover',
  'unsupported',
] as const

export const ContactView = z.object({
  id,
  waId: z.string().nullable(),
  userId: z.string().nullable(),
  phone: z.string().nullable(),
  name: z.string().nullable(),
  username: z.string().nullable(),
  optOut: z.boolean(),
})
export type ContactView = z.infer<typeof ContactView>

export const LastMessageView = z.object({
  text: z.string().nullable(),
  type: z.string(),
  direction: z.enum(['INBOUND', 'OUTBOUND']),
  status: z.string(),
  at,
})

export const MessageErrorView = z.object({
  /**
   * Stable name for texts in other languages: of a failure that Linko declares, or of an error of Meta that its code does not name
   * alone, as `100/33`; null where the code does.
   */
  key: z.string().nullable(),
  code: z.number().nullable(),
  title: z.string(),
  detail: z.string().nullable(),
  sentence: z.string(),
  nextStep: z.string(),
  source: z.enum(['meta', 'platform']),
})
export type MessageErrorView = z.infer<typeof MessageErrorView>

/** The ad or post that brought a customer. */
export const ReferralView = z.object({
  /** Meta's id of the ad or post. */
  sourceId: z.string().nullable(),
  /** `ad` or `post`. */
  sourceType: z.string().nullable(),
  headline: z.string().nullable(),
  /** Meta's id of the click; null for ads in statuses. */
  ctwaClid: z.string().nullable(),
  /** Time of the message that came from it. */
  at,
})
export type ReferralView = z.infer<typeof ReferralView>

export const ConversationView = z.object({
  id,
  clientId: id,
  phoneNumberId: z.string(),
  contact: ContactView,
  candidateName: z.string().nullable(),
  candidateId: z.string().nullable(),
  applicationId: z.string().nullable(),
  leadId: z.string().nullable(),
  status: z.enum(['open', 'closed']),
  assignedTo: z.object({ id, name: z.string().nullable() }).nullable(),
  labels: z.array(z.string()),
  unreadCount: z.number().int(),
  messageCount: z.number().int(),
  lastMessage: LastMessageView.nullable(),
  windowExpiresAt: at.nullable(),
  inWindow: z.boolean(),
  /** Time of the customer's first message that nobody has answered; null: nobody waits. */
  waitingSince: at.nullable(),
  /** Not among the open conversations until then, or until the customer writes. */
  snoozedUntil: at.nullable(),
  /** Meta's id of the group whose thread this is; null: of a person. */
  groupId: z.string().nullable(),
  /** True for a group: nothing can be sent in it. */
  readOnly: z.boolean(),
  /**
   * Who answers the customer, where a second app of the business does; null: nobody else was ever seen. Free-form messages of
   * anybody but the owner are refused by WhatsApp; templates are not.
   */
  threadOwner: z.object({ owner: z.enum(['platform', 'other']), role: z.string().nullable(), since: at }).nullable(),
  lastError: MessageErrorView.nullable(),
  /** The ad or post from which the customer came last. */
  lastReferral: ReferralView.nullable(),
  createdAt: at,
  updatedAt: at,
})
export type ConversationView = z.infer<typeof ConversationView>

export const CostView = z.object({ amount: z.number(), currency: z.string(), category: z.string() })
export const MetaCostView = z.object({
  /** Null: Meta's rate for this country and category is not known, which is not the same as free. */
  amount: z.number().nullable(),
  currency: z.string(),
  category: z.string(),
  /** How Meta bills it, by its own word; null until it has said so. */
  type: z.string().nullable(),
  /** `reported` once Meta has reported how it bills the message. The free replies of a month are not taken off. */
  basis: z.enum(['foreseen', 'reported']),
})

/** Private note of a conversation or lead. */
export const NoteView = z.object({
  id,
  conversationId: id.nullable(),
  leadId: id.nullable(),
  text: z.string(),
  isPrivate: z.boolean(),
  /** Ids of the colleagues whom the note names. */
  mentions: z.array(id),
  createdBy: id.nullable(),
  createdAt: at,
})
export type NoteView = z.infer<typeof NoteView>

export const MessageView = z.object({
  id,
  conversationId: id,
  clientId: id,
  direction: z.enum(['INBOUND', 'OUTBOUND']),
  /** Meta's type, also one that we do not know yet. */
  type: z.string(),
  content: z.object({
    text: z.string().nullable(),
    media: z
      .object({
        id: z.string(),
        mimeType: z.string().nullable(),
        filename: z.string().nullable(),
        size: z.number().nullable(),
        state: z.enum(['PENDING', 'STORED', 'FAILED', 'EXPIRED']),
        /** Why the file could not be downloaded; `POST /media/:id/fetch` tries again. */
        problem: z.string().nullable(),
        hasThumbnail: z.boolean(),
      })
      .nullable(),
    template: z.object({ name: z.string(), language: z.string(), variables: z.record(z.string(), z.string()) }).nullable(),
    /** Object of the message's type in Meta's form. */
    data: z.unknown().nullable(),
  }),
  status: z.enum(['QUEUED', 'SENT', 'DELIVERED', 'READ', 'FAILED', 'RECEIVED']),
  statusUpdatedAt: at,
  externalMessageId: z.string().nullable(),
  error: MessageErrorView.nullable(),
  waiting: z.object({ reason: z.enum(WAITING_REASONS), until: at.nullable() }).nullable(),
  /** By the company's own price table: what it charges or reckons with. */
  cost: CostView.nullable(),
  /** What Meta bills. */
  metaCost: MetaCostView.nullable(),
  /** Scheduled time of the send. */
  sendAt: at.nullable(),
  /** The message is not sent after this time, which its sender gave. */
  expiresAt: at.nullable(),
  /** How it is sent outside the window without a template (Direct Send); null where it is not. */
  directSend: z.object({ category: z.enum(['utility']), ttlSeconds: z.number().int().nullable() }).nullable(),
  /** Goes by the Marketing Messages API; `strict`: by nothing else. Null: in the ordinary way. */
  marketingMessages: z.object({ strict: z.boolean() }).nullable(),
  /** Template that is sent instead if the window is closed, or Direct Send refused; `used`: it was sent, and `content` is the template's. */
  fallback: z
    .object({
      state: z.enum(['ready', 'used']),
      template: z.object({ name: z.string(), language: z.string(), variables: z.record(z.string(), z.string()) }),
      text: z.string().nullable(),
      cost: CostView,
      metaCost: MetaCostView.nullable(),
      usedAt: at.nullable(),
      /** `not-eligible`: Meta takes no message without a template from the account. */
      because: z.enum(['accepted', 'sending', 'refused', 'not-eligible']).nullable(),
      /** Original message that the template replaced. */
      instead: z.object({ type: z.string(), text: z.string().nullable() }).nullable(),
    })
    .nullable(),
  replyTo: z.object({ messageId: z.string().nullable(), externalMessageId: z.string() }).nullable(),
  reactions: z.array(z.object({ emoji: z.string(), direction: z.enum(['INBOUND', 'OUTBOUND']), at })),
  /** When the writer last edited the message; `content` is the newest. */
  editedAt: at.nullable(),
  /** When the writer revoked the message; `content` is empty since then. */
  revokedAt: at.nullable(),
  /** When `content` was deleted because the account keeps messages for so many days only (`keepMessagesDays`). */
  emptiedAt: at.nullable(),
  /** True for a message that the writer forwarded. */
  forwarded: z.boolean().nullable(),
  /** The ad or post that the customer came from, as Meta describes it. */
  referral: z.unknown().nullable(),
  /** In a group: its member who wrote the message. */
  author: z
    .object({
      waId: z.string().nullable(),
      userId: z.string().nullable(),
      name: z.string().nullable(),
      username: z.string().nullable(),
    })
    .nullable(),
  /** True if the time that WhatsApp gave could not be read: `createdAt` is the time of arrival. */
  timeUnreadable: z.boolean().nullable(),
  /** True for a customer's message to another app of the business, which answers it. */
  ofOtherApp: z.boolean().nullable(),
  /** `phone`: the business's own app; `app`: another app of the business, also for calls. */
  sentBy: z
    .object({
      kind: z.enum(['user', 'apiKey', 'campaign', 'phone', 'app']),
      id: z.string().nullable(),
      name: z.string().nullable(),
    })
    .nullable(),
  /** `automatic`: a greeting or an away message. */
  origin: z.enum(['api', 'dashboard', 'campaign', 'phone', 'app', 'automatic']).nullable(),
  createdAt: at,
})
export type MessageView = z.infer<typeof MessageView>

/** Entry of a message's timeline; `kind` decides which members are set. */
export const TimelineEntryView = z.object({
  kind: z.enum(['accepted', 'waited', 'attempt', 'status', 'note']),
  at,
  /** status: Meta's status. */
  status: z.string().nullable(),
  reason: z.string().nullable(),
  /** attempt: number from 1, HTTP status, Meta's code, ms until the answer, Meta's trace id. */
  attempt: z.number().int().nullable(),
  outcome: z.enum(['accepted', 'refused', 'unknown', 'unsent']).nullable(),
  httpStatus: z.number().int().nullable(),
  code: z.number().int().nullable(),
  latencyMs: z.number().nullable(),
  /** waited: total time, over `times` waits for this reason. */
  ms: z.number().nullable(),
  times: z.number().int().nullable(),
  traceId: z.string().nullable(),
  detail: z.string().nullable(),
})
export type TimelineEntryView = z.infer<typeof TimelineEntryView>

export const MessageDetailView = MessageView.extend({ timeline: z.array(TimelineEntryView) })
export type MessageDetailView = z.infer<typeof MessageDetailView>
