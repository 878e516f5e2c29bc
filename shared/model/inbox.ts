import type { MessageStatus } from '../domain/messages/delivery-status.ts'
import type { Dispatch } from '../domain/messages/dispatch.ts'
import type { TemplateRef } from './accounts.ts'
import type { Common, Id } from './common.ts'
import type { TemplateDoc } from './templates.ts'

export type { Dispatch } from '../domain/messages/dispatch.ts'

export interface NoteDoc extends Common {
  tenantId: Id
  leadId: Id | null
  conversationId: Id | null
  text: string
  isPrivate: boolean
}

/** What a list of conversations needs of the contact: kept here so that a page is one query. */
export interface ContactSnapshot {
  waId: string | null
  userId: string | null
  phone: string | null
  name: string | null
  username: string | null
  optOut: boolean
}

export interface LastMessage {
  messageId: Id
  text: string | null
  type: string
  direction: 'INBOUND' | 'OUTBOUND'
  status: MessageStatus
  at: Date
}

export interface ConversationDoc extends Common {
  tenantId: Id
  clientId: Id
  phoneNumberId: string
  contactId: Id
  contact: ContactSnapshot
  candidateName: string | null
  candidateId: string | null
  applicationId: string | null
  leadId: Id | null
  status: 'open' | 'closed'
  assignedTo: { id: Id; name: string | null } | null
  labels: string[]
  messageCount: number
  unreadCount: number
  lastMessage: LastMessage | null
  /** Time of the newest message, or of the creation: lists are sorted by it. */
  lastActivityAt: Date
  /** Newest inbound message: read receipts and typing go to it. */
  lastInboundWamid: string | null
  lastInboundAt: Date | null
  windowExpiresAt: Date | null
  /** Arrival of a click-to-WhatsApp referral; an answer within 24 h opens 72 h in which everything is free. */
  referralAt: Date | null
  freeEntryPointExpiresAt: Date | null
  lastError: MessageErrorDoc | null
}

export interface MessageErrorDoc {
  code: number | null
  title: string
  detail: string | null
  sentence: string
  nextStep: string
  /** platform = we declared it: provisional, any later word of Meta replaces it. */
  source: 'meta' | 'platform'
  /** In a conversation's lastError: the time of its message, so that the newest failure shows in whatever order they come. */
  at?: Date | null
}

export interface TimelineEntry {
  kind: 'accepted' | 'waited' | 'attempt' | 'status' | 'note'
  at: Date
  /** kind status: `${status}:${timestamp}:${code}`, so that a repeated report is kept once. */
  key?: string
  status?: string
  reason?: string
  attempt?: number
  outcome?: 'accepted' | 'refused' | 'unknown' | 'unsent'
  httpStatus?: number
  code?: number
  latencyMs?: number
  /** kind waited: how long in all, over `times` waits for the same reason. */
  ms?: number
  times?: number
  traceId?: string
  detail?: string
}

export interface MediaRef {
  /** Ours: `GET /media/:id`. */
  id: Id
  metaId: string | null
  /** As given by Meta's webhook (expires in minutes) or by the sender of an outbound message. */
  url: string | null
  sha256: string | null
  mimeType: string | null
  filename: string | null
  size: number | null
  state: 'PENDING' | 'STORED' | 'FAILED' | 'EXPIRED'
  /** Why it is not here. */
  problem?: string | null
  hasThumbnail?: boolean
}

export interface MessageContent {
  text: string | null
  media: MediaRef | null
  template: (TemplateRef & { variables: Record<string, string> }) | null
  /** The type's own object as Meta names it. */
  data: unknown
}

/** The template that goes out instead of a free-form message once the window is closed. */
export interface Fallback {
  template: { id: Id; name: string; language: string; category: TemplateDoc['category'] }
  content: MessageContent
  payload: Record<string, unknown>
  cost: NonNullable<MessageDoc['cost']>
  /** null: not needed so far. */
  usedAt: Date | null
  /** Where it was noticed: when the message was accepted, when it should go out, or by Meta's refusal. */
  because: 'accepted' | 'sending' | 'refused' | null
  /** What should have gone out. */
  instead: { type: string; text: string | null } | null
  /** Attempt of the message itself whose outcome nobody knows. */
  unsettled: number | null
}

export interface MessageDoc extends Common {
  tenantId: Id
  conversationId: Id
  clientId: Id
  phoneNumberId: string
  contactId: Id
  /** waId, else userId: who Meta shall deliver to. */
  contactKey: string
  /** 'waId' sends by `to`, 'userId' by `recipient`. */
  contactKeyKind: 'waId' | 'userId'
  direction: 'INBOUND' | 'OUTBOUND'
  type: string
  content: MessageContent
  status: MessageStatus
  statusUpdatedAt: Date
  timeline: TimelineEntry[]
  wamid: string | null
  /** wamids of earlier attempts that were retried by hand. */
  previousIds: string[]
  error: MessageErrorDoc | null
  cost: { amount: number; currency: string; category: string } | null
  idempotencyKey: string | null
  replyTo: { messageId: Id | null; wamid: string } | null
  reactions: { emoji: string; direction: 'INBOUND' | 'OUTBOUND'; at: Date }[]
  editedAt?: Date | null
  revokedAt?: Date | null
  referral?: unknown
  forwarded?: boolean
  sentBy: { kind: 'user' | 'apiKey' | 'campaign' | 'phone'; id: Id | null; name: string | null } | null
  origin: 'api' | 'dashboard' | 'campaign' | 'phone' | null
  leadId: Id | null
  campaignId: Id | null
  /** Meta's time for inbound (clamped to arrival), ours for outbound: the thread is shown by it, then by _id. */
  at: Date
  sendAt: Date | null
  /** Exactly the body that goes to Meta, without `to`, `recipient` and callback data. Outbound only. */
  payload: Record<string, unknown> | null
  /** Of free-form messages only, and where the sender wished it. */
  fallback?: Fallback | null
  /** Where it stands between us and Meta; null once it has ended, and of inbound messages. */
  dispatch: Dispatch | null
}
