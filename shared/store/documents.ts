import type { Types } from 'mongoose'
import type { Availability } from '../contracts/availability.ts'
import type { EventName } from '../contracts/realtime-event.ts'
import type { WaitingReason } from '../contracts/views.ts'
import type { Lane } from '../domain/callback-data.ts'
import type { DeadLetterState } from '../domain/dead-letter.ts'
import type { MessageStatus } from '../domain/delivery-status.ts'
import type { MediaKind } from '../domain/media-rules.ts'
import type { OpenWait, Wait } from '../domain/waits.ts'

/** The shape of every document, one interface a collection. Times are UTC Dates, phone numbers E.164 digits without `+`. */
export type Id = Types.ObjectId

interface Common {
  _id: Id
  createdAt: Date
  updatedAt: Date
  createdBy?: Id | null
  updatedBy?: Id | null
  deletedAt?: Date | null
}

export interface TemplateRef {
  name: string
  language: string
}

export interface Price {
  /** null matches any. The most particular row wins: category and country, category, country, none. */
  category: string | null
  country: string | null
  amount: number
}

export interface TenantDoc extends Common {
  name: string
  status: 'active' | 'suspended' | 'deactivated'
  settings: {
    locale: string
    timezone: string
    currency: string
    initiateTemplate: TemplateRef | null
    reengageTemplate: TemplateRef | null
    /** Price of a template by category and country; free text costs 0. */
    prices: Price[]
    /** What happens to a send whose outcome is still unknown at its deadline. */
    unknownOutcome: 'fail' | 'retry'
    /** A chat send that waited longer than this fails. */
    maxWaitHours: number
    leadsEnabled: boolean
    /** A message that is one of these opts its writer out of marketing. */
    stopWords?: string[]
    /** Reading a conversation also sends Meta's read receipt. */
    sendReadReceipts: boolean
  }
  limits: { messagesPerMinute: number | null; messagesPerDay: number | null }
}

export type Role = 'platform_admin' | 'tenant_admin' | 'manager' | 'agent'

export interface UserDoc extends Common {
  tenantId: Id
  email: string
  name: string
  passwordHash: string
  role: Role
  status: 'active' | 'disabled'
  /** Raised by a change of password or role and by deactivation: older access tokens end. */
  tokenVersion: number
  lastSeenAt: Date | null
  /** Absent: available. */
  availability?: Availability
}

export interface RefreshTokenDoc {
  _id: Id
  tenantId: Id
  userId: Id
  familyId: string
  /** SHA-256 hex. */
  tokenHash: string
  createdAt: Date
  expiresAt: Date
  usedAt: Date | null
  /** How often it was shown again within the grace time. */
  graceUses?: number
  revokedAt: Date | null
  userAgent: string | null
}

export interface ApiKeyDoc extends Common {
  tenantId: Id
  name: string
  prefix: string
  /** SHA-256 hex of the secret part. */
  secretHash: string
  scopes: string[]
  role: Role
  lastUsedAt: Date | null
  expiresAt: Date | null
  revokedAt: Date | null
}

export type ClientStatus = 'active' | 'disconnected' | 'suspended' | 'paused'
export type PauseReason = 'token' | 'account' | 'payment' | 'quality' | 'registration' | 'manual'

/** What WhatsApp said about a number or its account that people should know; one of a type, the newest word counts. */
export interface NumberNotice {
  type: string
  severity: 'CRITICAL' | 'WARNING' | 'INFORMATIONAL'
  text: string
  at: Date
}

/** Meta's time of the last word about each topic: an older one that comes late changes nothing. */
export type HeardAt = Record<string, Date>

export interface ClientDoc extends Common {
  tenantId: Id
  /** The user's id on the tenant's own platform (seeds 000 to 002). */
  userId: string | null
  companyName: string | null
  email: string | null
  whatsappNumber: string
  verifiedName: string | null
  phoneNumberId: string
  wabaId: string
  portfolioId: string | null
  isPrimary: boolean
  /** Number stays in the WhatsApp Business app as well: fixed 20/s, echoes and history. */
  coexistence: boolean
  /** `v1:<keyId>:<nonce>:<tag>:<data>`; AAD = tenantId + clientId + field. */
  accessToken: string | null
  tokenExpiry: Date | null
  status: ClientStatus
  statusReason: string | null
  pauseReason: PauseReason | null
  /** Meta's code behind the pause, when there is one. */
  pauseCode?: number | null
  qualityRating: 'GREEN' | 'YELLOW' | 'RED' | 'UNKNOWN'
  /** Unique recipients outside windows in 24 h; null = unlimited. */
  messagingLimit: number | null
  /** Messages a second. */
  throughput: number
  /** Slower than Meta would let it; absent or null: not. */
  maxPerSecond?: number | null
  /** Under which people find the business. */
  username?: string | null
  accountReview?: 'APPROVED' | 'REJECTED' | 'PENDING' | 'DEFERRED' | null
  /** How many numbers the account may have. */
  maxPhoneNumbers?: number | null
  /** Set only while a restriction holds the number: it goes on by itself then. */
  restrictedUntil?: Date | null
  /** When the last pause ended: what was tried before does not pause it again. */
  resumedAt?: Date | null
  /** Replies go out, campaigns wait. */
  campaignsHeldUntil?: Date | null
  /** WhatsApp lets it answer and no more: campaigns, and templates outside a window, wait. Null `until`: nobody said. */
  repliesOnly?: { reason: string; until: Date | null } | null
  /** Newest first. */
  notices?: NumberNotice[]
  heardAt?: HeardAt
  /** By Meta's last word about the token; null before the first. */
  tokenValid?: boolean | null
  tokenScopes?: string[]
  /** The data behind the token can be read until then. */
  dataAccessExpiry?: Date | null
  tokenCheckedAt?: Date | null
  /** The end that people were warned of: once for each. */
  tokenWarnedFor?: Date | null
  /** Last time that a pause ended because Meta called the token valid. */
  tokenResumedAt?: Date | null
  /** Null: as soon as possible. */
  nextTokenCheckAt?: Date | null
  /** Meta's own words for the display name and for the number. */
  nameStatus?: string | null
  metaStatus?: string | null
  healthCheckedAt?: Date | null
  /** Null: as soon as possible. */
  nextHealthCheckAt?: Date | null
  connectedAt: Date | null
  disconnectedAt: Date | null
}

export interface ContactDoc extends Common {
  tenantId: Id
  waId: string | null
  /** Business-scoped user id. waId or userId may be missing, not both. */
  userId: string | null
  parentUserId: string | null
  phone: string | null
  name: string | null
  /** A name that a person set, here or in the phone book of the business's app, is not overwritten by the profile's. */
  nameSource: 'profile' | 'phone' | 'agent' | null
  /** Last word of the business's own phone book about it. */
  nameAt?: Date | null
  username: string | null
  /** Marketing only. */
  optOut: boolean
  optOutAt: Date | null
  optOutSource: string | null
  attributes: Record<string, unknown>
  block?: Block | null
  /** Somebody removed its lead: no message makes another one, only a person. */
  leadDeletedAt?: Date | null
  /** They turned out to be one person, and that one holds the keys. */
  joinedWith?: Id | null
  /** While everything of the person is being removed: what it is found by. Gone at the end. */
  erasing?: Erasing | null
  erasedAt?: Date | null
}

/** Nobody here wants to hear from a person. Meta is told for each number that the person wrote to; it may refuse. */
export interface Block {
  at: Date
  by: Id
  /** PENDING, LIFTING: Meta is yet to be told. REFUSED: asked again when the person writes. */
  state: 'PENDING' | 'DONE' | 'REFUSED' | 'LIFTING'
  problem: string | null
  /** Not before, after an outage. */
  nextAt: Date
}

export interface Erasing {
  waIds: string[]
  userIds: string[]
  /** Stands where a number stood, so that counts of people stay true. */
  pseudonym: string
  since: Date
}

export interface PipelineDoc extends Common {
  tenantId: Id
  name: string
  isDefault: boolean
  stages: { _id: Id; name: string; order: number }[]
}

export interface LeadDoc extends Common {
  tenantId: Id
  contactId: Id | null
  name: string
  phone: string | null
  status: string
  source: string
  pipelineId: Id
  stageId: Id
}

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

export type CampaignStatus = 'DRAFT' | 'SCHEDULED' | 'RUNNING' | 'PAUSED' | 'DONE' | 'CANCELLED'

export interface CampaignDoc extends Common {
  tenantId: Id
  name: string
  clientId: Id
  phoneNumberId: string
  wabaId: string
  template: { id: Id; name: string; language: string; category: string }
  /** Which column of the audience tells what. A variable that names none has the same value for everybody. */
  columns: { to: string; name: string | null; headerMedia: string | null; variables: Record<string, string> }
  variables: Record<string, string>
  headerMedia: { id?: string; link?: string; filename?: string } | null
  /** Fewer a minute than the number could. */
  perMinute: number | null
  status: CampaignStatus
  /** Why it is paused, for people. */
  statusReason: string | null
  startAt: Date | null
  /** Nothing of it goes out later. */
  endsAt: Date | null
  startedAt: Date | null
  endedAt: Date | null
  audience: {
    source: CampaignSource | null
    state: 'EMPTY' | 'CHECKING' | 'READY' | 'FAILED'
    problem: string | null
    /** Of the newest audience: rows of one that it replaced are not its own. */
    generation: number
    /** Rows read, of which the next one follows. */
    read: number
    /** Where the source goes on, if it does not count rows. */
    position: string | null
    since: Date | null
    until: Date | null
    invalid: number
    duplicate: number
    optedOut: number
    recipients: number
    /** ISO 3166 alpha-2 or `??` to how many. */
    countries: Record<string, number>
  }
  /** All recipients up to this row have their message. */
  releasedRow: number
  released: number
  /** Left out at the moment of sending: opted out meanwhile, or the template had changed. */
  skipped: number
  /** Counted from the messages, not by them: some seconds old while it runs. */
  counts: { queued: number; sent: number; delivered: number; read: number; failed: number }
}

/** A file in the storage, the tenant's contacts, or those whom another campaign did not reach. */
export type CampaignSource =
  | { kind: 'csv' | 'json' }
  | { kind: 'contacts'; label: string | null; attribute: { name: string; value: string } | null }
  | { kind: 'failed'; campaignId: Id; codes: number[] | null }

export interface RecipientDoc {
  /** `<campaign>:<generation>:<row, 8 digits>`: in the order of the audience. */
  _id: string
  tenantId: Id
  campaignId: Id
  row: number
  /** Nobody twice: the first form of the person's number, or the user id. Null for rows that go nowhere. */
  key: string | null
  /** As it was written. */
  to: string
  waId: string | null
  userId: string | null
  name: string | null
  variables: Record<string, string>
  headerMedia: string | null
  state: 'PENDING' | 'SKIPPED' | 'RELEASED'
  reason: 'invalid' | 'duplicate' | 'opted-out' | 'template' | null
  detail: string | null
  messageId: Id | null
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

/** A file that was given to us for sending; it lies under `mediaKey`. */
export interface MediaFileDoc {
  /** Ours: sends name it, `GET /media/:id` shows it. */
  _id: Id
  tenantId: Id
  kind: MediaKind
  mimeType: string
  filename: string | null
  size: number
  /** Hex. */
  sha256: string
  createdBy: Id | null
  createdAt: Date
}

/** A file of ours as one number's Meta knows it. */
export interface MediaUploadDoc {
  /** `<file>:<phoneNumberId>` */
  _id: string
  tenantId: Id
  metaId: string
  /** A day before Meta forgets it. TTL. */
  expiresAt: Date
  createdAt: Date
}

export interface MessageContent {
  text: string | null
  media: MediaRef | null
  template: (TemplateRef & { variables: Record<string, string> }) | null
  /** The type's own object as Meta names it. */
  data: unknown
}

/**
 * Where an outbound message stands between us and Meta. READY: a bell may take it. TAKEN: one sender calls. WAITING: due at
 * nextStepAt. UNKNOWN: called, no answer; settled by a status or at deadlineAt. Null once SENT or FAILED.
 */
export interface Dispatch {
  state: 'READY' | 'TAKEN' | 'WAITING' | 'UNKNOWN'
  lane: Lane
  /** The number of the last attempt; 0 before the first. */
  attempt: number
  /** Of this take: a batch finds its own rows by it. */
  token: string | null
  /** The sender process that holds it. */
  owner: string | null
  leaseUntil: Date | null
  nextStepAt: Date | null
  reason: WaitingReason | null
  deadlineAt: Date | null
  /** What it waits for, also while it is due and nobody has taken it; and what it has waited for since the last attempt. */
  wait?: OpenWait | null
  waits?: Wait[]
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
  dispatch: Dispatch | null
}

export type TemplateStatus = 'PENDING' | 'APPROVED' | 'REJECTED' | 'PAUSED' | 'DISABLED'

export interface TemplateDoc extends Common {
  tenantId: Id
  wabaId: string
  name: string
  language: string
  category: 'MARKETING' | 'UTILITY' | 'AUTHENTICATION'
  status: TemplateStatus
  reason: string | null
  /** As Meta names them: [{type: 'BODY', text, example}, …]. */
  components: Record<string, unknown>[]
  parameterFormat: 'POSITIONAL' | 'NAMED'
  variables: { name: string; position: number; description: string | null; example: string | null; component: string }[]
  metaTemplateId: string | null
  quality: 'GREEN' | 'YELLOW' | 'RED' | 'UNKNOWN'
  usageCount: number
  lastUsedAt: Date | null
  /** Announced by WhatsApp. */
  categoryChange?: { to: TemplateDoc['category']; at: Date } | null
  heardAt?: HeardAt
}

export type WebhookEventStatus = 'PENDING' | 'PROCESSED' | 'FAILED' | 'IGNORED'

export interface WebhookEventDoc {
  /** `m:<wamid>`, `s:<wamid>:<status>:<ts>:<recipient>:<code>`, `a:<hash of field, value, time>`. */
  _id: string
  /** null: no tenant of ours owns the number; only a platform_admin sees it. */
  tenantId: Id | null
  phoneNumberId: string | null
  wabaId: string | null
  eventType: 'message' | 'status' | 'error' | 'account'
  field: string
  /** The item in an envelope of its own, so that a replay is an ordinary webhook. */
  payload: Record<string, unknown>
  status: WebhookEventStatus
  reason: string | null
  attempts: number
  receivedAt: Date
  processedAt: Date | null
}

export interface PendingStatusDoc {
  /** The webhook event's id. */
  _id: string
  phoneNumberId: string
  wamid: string
  /** From our callback data, when it came along. */
  messageId: string | null
  attempt: number | null
  status: string
  at: Date
  payload: Record<string, unknown>
  /** Dropped after 24 h. */
  createdAt: Date
}

export interface EventDoc {
  /** eventId. */
  _id: string
  tenantId: Id
  name: EventName
  at: Date
  clientId: Id | null
  conversationId: Id | null
  userId: Id | null
  payload: Record<string, unknown>
  /** Missing: the outbox, found by `{ seq: null }`. Growing per tenant, set by realtime. */
  seq?: number | null
  /** TTL 24 h. */
  createdAt: Date
}

export interface DeadLetterDoc {
  _id: Id
  tenantId: Id | null
  queue: string
  exchange: string
  routingKey: string
  type: string
  reason: string
  error: string | null
  attempt: number
  messageId: string | null
  /** UTF-8 body of the message. */
  payload: string
  headers: Record<string, unknown>
  state: DeadLetterState
  /** While it is being replayed: since when. */
  settledAt: Date | null
  settledBy: Id | null
  createdAt: Date
  /** What letters that died of the same share. */
  cause: string
  /** Of the replay that has it in hand. */
  claim: string | null
  /** The payload as it came, if it was edited before its replay. */
  original: string | null
  isEdited: boolean
  /** What people did with it, oldest first. */
  history: DeadLetterStep[]
}

/** `returned`: the broker did not take its replay. */
export interface DeadLetterStep {
  at: Date
  action: 'replayed' | 'returned' | 'discarded'
  by: Id
  name: string
  detail: string | null
}

export interface IdempotencyKeyDoc {
  _id: Id
  tenantId: Id
  key: string
  requestHash: string
  status: number | null
  body: unknown
  /** While no answer is kept: afterwards its process counts as dead. */
  heldUntil: Date
  /** TTL 24 h. */
  createdAt: Date
}

export interface AuditLogDoc {
  _id: Id
  tenantId: Id | null
  actor: { kind: 'user' | 'apiKey' | 'system'; id: Id | null; name: string | null }
  action: string
  object: { kind: string; id: string }
  changes: Record<string, { before: unknown; after: unknown }>
  ip: string | null
  at: Date
}

/** One holder at a time: sweeps, leaders. */
export interface LeaseDoc {
  _id: string
  owner: string
  until: Date
}

/** Growing numbers: `events:<tenantId>` holds the last `seq` that was given out. */
export interface CounterDoc {
  _id: string
  value: number
}
