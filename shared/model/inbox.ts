import type { AutomaticDue } from '../domain/inbox/automatic-answer.ts'
import type { Referral } from '../domain/inbox/referral.ts'
import type { ThreadOwner } from '../domain/inbox/thread-owner.ts'
import type { Unanswered } from '../domain/inbox/waiting.ts'
import type { MessageStatus } from '../domain/messages/delivery-status.ts'
import type { DirectSend } from '../domain/messages/direct-send.ts'
import type { Dispatch } from '../domain/messages/dispatch.ts'
import type { ProductPolicy } from '../domain/messages/marketing-messages.ts'
import type { Cost } from '../domain/prices/cost.ts'
import type { MetaCost } from '../domain/prices/meta-cost.ts'
import type { TemplateRef } from './accounts.ts'
import type { Common, Id } from './common.ts'
import type { TemplateDoc } from './templates.ts'

export type { ThreadOwner } from '../domain/inbox/thread-owner.ts'
export type { DirectSend } from '../domain/messages/direct-send.ts'
export type { Dispatch } from '../domain/messages/dispatch.ts'

export interface NoteDoc extends Common {
  tenantId: Id
  leadId: Id | null
  conversationId: Id | null
  text: string
  isPrivate: boolean
  /** Colleagues who are named in the note and told of it. */
  mentions?: Id[]
}

/** Copy of the contact's fields that the list of conversations shows, so that a page is one query. */
export interface ContactSnapshot {
  waId: string | null
  userId: string | null
  phone: string | null
  name: string | null
  username: string | null
  optOut: boolean
  /**
   * Words by which a search finds the conversation (`searchKeys`), the candidate's name among them; missing in rows of before, until
   * `migrate`. A process of before replaces the whole copy, and so leaves none that are out of date.
   */
  keys?: string[]
}

export interface LastMessage {
  messageId: Id
  text: string | null
  type: string
  direction: 'INBOUND' | 'OUTBOUND'
  status: MessageStatus
  at: Date
}

/** What remains of the person of an erased conversation. */
export interface ErasedMark {
  at: Date
  /** Replacement for the person's number. */
  pseudonym: string
}

export interface ConversationDoc extends Common {
  tenantId: Id
  clientId: Id
  phoneNumberId: string
  contactId: Id
  contact: ContactSnapshot
  /** Portfolio of its number, which decides which of the contact's user ids `contact` shows; missing in rows of before. */
  portfolio?: string | null
  /** Meta's id of the group whose messages these are; null or missing: a person's. Nothing is sent to groups. */
  groupId?: string | null
  /** Who answers the customer, where a second app of the business does; null or missing: nobody else was ever seen. */
  threadOwner?: ThreadOwner | null
  candidateName: string | null
  candidateId: string | null
  applicationId: string | null
  leadId: Id | null
  status: 'open' | 'closed'
  assignedTo: { id: Id; name: string | null } | null
  labels: string[]
  /** The greatest `seq` of the messages that this row takes into account. */
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
  /** The ad or post from which the customer came last; missing or null: none. */
  lastReferral?: Referral | null
  lastError: MessageErrorDoc | null
  /** First message of the customer that nobody has answered; missing or null: nobody waits. */
  waitingSince?: Date | null
  /** Messages of the customer that nobody has answered, as `Attention` keeps them; missing in rows of before. */
  unanswered?: Unanswered<Id>[] | null
  /** What had arrived by then is answered, or was closed by a user; missing or null: neither. */
  attendedAt?: Date | null
  /** Last answer that was written on the phone or by another app, in Meta's whole seconds; missing or null: none. */
  answeredElsewhereAt?: Date | null
  /** Hidden from the open conversations until then, or until the customer writes. */
  snoozedUntil?: Date | null
  /** A message of the customer that a job of the sender may answer; missing or null: none. */
  automaticDue?: AutomaticDue | null
  /** Time of the last automatic greeting. */
  greetedAt?: Date | null
  /** Newest message of ours that has left; earlier failures are not shown any more. */
  lastSent?: { id: Id; at: Date } | null
  /** Newest message of a campaign that was sent here. */
  lastCampaign?: { id: Id; at: Date } | null
  /** Campaigns that the customer has answered, the latest last. */
  campaignReplies?: Id[]
  /** Raised by every change of what the recorder derives from messages: it writes only over the version that it has read. */
  version?: number
  /** Set when its person is erased: whatever still comes into it is emptied. */
  erased?: ErasedMark | null
}

/** Member of a group who wrote a message, with the keys that Meta named. */
export interface Author {
  waId: string | null
  userId: string | null
  name: string | null
  username: string | null
}

export interface MessageErrorDoc {
  code: number | null
  title: string
  detail: string | null
  sentence: string
  nextStep: string
  /** platform: declared by the platform and provisional; any later report from Meta replaces it. */
  source: 'meta' | 'platform'
  /** Time of the message in a conversation's lastError, so that the newest failure is shown in any order of arrival. */
  at?: Date | null
  /** The message, in a conversation's lastError. */
  messageId?: Id | null
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
  /** kind waited: total time, over `times` waits for the same reason. */
  ms?: number
  times?: number
  traceId?: string
  detail?: string
  /** kind attempt: when the broker got the send job, to the second, and when a sender took the row. */
  enqueuedAt?: Date
  takenAt?: Date
  /** kind status: when the receiver got the report. */
  receivedAt?: Date
}

/** Hops of a message that came in, before it was recorded (`createdAt`). */
export interface InboundHops {
  /** When the receiver had the whole webhook. */
  receivedAt: Date
  /** When the broker got it, to the second; later than the receipt where it lay in the spool. */
  publishedAt?: Date
}

export interface MediaRef {
  /** Our id, as in `GET /media/:id`. */
  id: Id
  metaId: string | null
  /** As given by Meta's webhook (expires in minutes) or by the sender of an outbound message. */
  url: string | null
  sha256: string | null
  mimeType: string | null
  filename: string | null
  size: number | null
  state: 'PENDING' | 'STORED' | 'FAILED' | 'EXPIRED'
  /** Why the file could not be downloaded. */
  problem?: string | null
  hasThumbnail?: boolean
}

export interface MessageContent {
  text: string | null
  media: MediaRef | null
  template: (TemplateRef & { variables: Record<string, string> }) | null
  /** Object of the message's type in Meta's form. */
  data: unknown
}

/** Template that goes out instead of a free-form message if the customer service window is closed. */
export interface Fallback {
  template: { id: Id; name: string; language: string; category: TemplateDoc['category'] }
  content: MessageContent
  payload: Record<string, unknown>
  cost: Cost
  metaCost?: MetaCost | null
  /** When the template was used; null: not used. */
  usedAt: Date | null
  /**
   * When the closed window was noticed: on accepting the message, on sending it, or by Meta's refusal. `not-eligible`: Meta takes
   * no message without a template from the account.
   */
  because: 'accepted' | 'sending' | 'refused' | 'not-eligible' | null
  /** Original message that the template replaced. */
  instead: { type: string; text: string | null } | null
  /** Attempt of the message itself with an unknown outcome. */
  unsettled: number | null
}

export interface MessageDoc extends Common {
  tenantId: Id
  conversationId: Id
  clientId: Id
  phoneNumberId: string
  contactId: Id
  /** Recipient for Meta: waId, otherwise userId. */
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
  /** wamids of earlier attempts, before a manual retry or a fallback. */
  previousIds: string[]
  error: MessageErrorDoc | null
  /** By the tenant's own price table. */
  cost: Cost | null
  /** What Meta bills; missing in inbound messages and in rows from before it was kept. */
  metaCost?: MetaCost | null
  idempotencyKey: string | null
  replyTo: { messageId: Id | null; wamid: string } | null
  reactions: { emoji: string; direction: 'INBOUND' | 'OUTBOUND'; at: Date }[]
  editedAt?: Date | null
  revokedAt?: Date | null
  referral?: unknown
  forwarded?: boolean
  /** Who wrote it, in a group. */
  author?: Author | null
  /** Whether Meta's time could not be read: `at` is the time of arrival. */
  isTimeUnreadable?: boolean
  /** Whether it went to another app of the business, which answers it; here is a copy. */
  isOfOtherApp?: boolean
  /** Whether it comes from the history of the business's app, from before the number was connected: reports leave it out. */
  isImported?: boolean
  sentBy: { kind: 'user' | 'apiKey' | 'campaign' | 'phone' | 'app'; id: Id | null; name: string | null } | null
  /** `automatic`: a greeting or an away message. */
  origin: 'api' | 'dashboard' | 'campaign' | 'phone' | 'app' | 'automatic' | null
  leadId: Id | null
  campaignId: Id | null
  /** Meta's time for inbound (clamped to arrival), ours for outbound. The conversation is sorted by it, then by _id. */
  at: Date
  sendAt: Date | null
  /** The time after which it is not sent any more, if its sender gave one. Its tenant's longest wait holds beside it. */
  expiresAt?: Date | null
  /** Body for Meta without `to`, `recipient` and callback data. Outbound only. */
  payload: Record<string, unknown> | null
  /** Sent outside the window without a template of ours; missing where it is not. */
  directSend?: DirectSend | null
  /** Template that goes by the Marketing Messages API, and Meta's policy for it; missing or null where it does not. */
  marketingMessages?: ProductPolicy | null
  /** Fallback template of a free-form message, if the caller gave one. */
  fallback?: Fallback | null
  /** Where it stands between us and Meta; null once it has ended, and of inbound messages. */
  dispatch: Dispatch | null
  /** Of ours: since when its conversation does not show it as it is; missing once it does. Found by the sweep. */
  unprojectedSince?: Date | null
  /** Of ours: it has no `seq` yet. A message without both was counted before messages were numbered. */
  isUncounted?: boolean
  /** Its place among all messages that its conversation has counted, from 1: unique, without gaps. Given by the recorder. */
  seq?: number
  /** Of a message of a webhook. */
  hops?: InboundHops
  /** When it was emptied because its person was erased: nothing about the person is written into it any more. */
  erasedAt?: Date | null
  /** When its content was deleted because its account keeps messages for so long only. */
  emptiedAt?: Date | null
  /** Stored with a time, or still unfinished at a time, that the retention of its account may have passed: found by its own index. */
  isLate?: boolean
}

/** What a projection job needs of a message. */
export type UnprojectedMessage = Pick<MessageDoc, '_id' | 'tenantId' | 'phoneNumberId' | 'contactKey'>
