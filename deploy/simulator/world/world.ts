import { BoundedMap, RingBuffer } from './bounded.ts'

export type Json = Record<string, unknown>

export interface App {
  id: string
  /** Portfolio of the platform that owns the app; partner events carry it as the id of their entry. */
  portfolioId: string
  secret: string
  name: string
  /** Address of webhooks, unless a number or a WABA has its own; null sends none. */
  webhookUrl: string | null
  verifyToken: string
  /** Version of the webhooks. From 24 on, statuses carry `conversation` in free entry points only. */
  webhookVersion: number
  /** The app's setting "Require App Secret". */
  requireProof: boolean
  /** Fields of WhatsApp accounts that the app is subscribed to. */
  fields: string[]
}

export interface Token {
  token: string
  type: 'SYSTEM_USER' | 'USER' | 'APP'
  /** The WABAs that the token may use, newest first; null = all. */
  wabaIds: string[] | null
  scopes: string[]
  issuedAt: number
  /** 0 = never. */
  expiresAt: number
  /** The error of every call with this token, for 190 with its subcode; null = the token works. */
  refused: { code: number; subcode?: number } | null
  userId: string
  /** Another app that the token was issued to; null: ours. */
  appId?: string | null
}

/** State of a WABA. Every state but `OK` refuses sends with its own error code. */
export type AccountState = 'OK' | 'REPLIES_ONLY' | 'RESTRICTED' | 'LOCKED' | 'NO_PAYMENT' | 'MISCLASSIFIED'

/** An own webhook address of a number or a WABA. */
export interface Override {
  url: string
  verifyToken: string
}

export interface Waba {
  id: string
  portfolioId: string
  name: string
  currency: string
  timezoneId: string
  country: string
  namespace: string
  reviewStatus: string
  messagingTier: string
  state: AccountState
  /** In the state NO_PAYMENT, templates are accepted and fail later instead of being refused. */
  paymentFailsLater: boolean
  subscribed: boolean
  override: Override | null
  templateLimit: number
  /** Whether messages without a template may go outside the window; by default they may not. */
  directSend?: 'ELIGIBLE' | 'INELIGIBLE' | 'BLOCKED'
  /** Whether marketing templates are switched off for `messages`, so that they need `marketing_messages`. */
  marketingElsewhere?: boolean
  /** How far the account is with the Marketing Messages API; by default it may use it. */
  marketingMessages?: 'ONBOARDED' | 'ELIGIBLE' | 'INELIGIBLE'
  /** `name/language` -> time until which the template cannot be created again. */
  deletedTemplates: Map<string, number>
}

export type NumberState =
  | 'CONNECTED'
  | 'UNREGISTERED'
  | 'MAINTENANCE'
  | 'DELETED'
  | 'NAME_PENDING'
  | 'SPAM_LIMITED'
  | 'BAD_CERTIFICATE'

export interface PhoneNumber {
  id: string
  wabaId: string
  /** Digits with the country code. */
  digits: string
  display: string
  verifiedName: string
  nameStatus: string
  qualityRating: string
  codeVerification: 'VERIFIED' | 'NOT_VERIFIED'
  /** Whether a former provider still holds the number: it cannot be registered (133000). */
  isElsewhere: boolean
  state: NumberState
  /** Messages per second. */
  throughput: number
  isOnBizApp: boolean
  onboardedAt: number
  pin: string | null
  wrongPins: number
  /** Times of register and deregister calls of the last 72 h. */
  registerCalls: number[]
  deregisterCalls: number[]
  requestedCode: boolean
  override: Override | null
  profile: Json
  username: { username: string; status: 'approved' | 'reserved' } | null
  /** Code of each short link -> the text that it puts into a chat. */
  shortLinks: Map<string, string>
  /** Ice breakers, commands and the welcome flag, as they were set. */
  automation: Json
  blocked: Set<string>
  synced: Set<string>
  /** The only people that a test number may send to; null for any other number. */
  allowedRecipients: string[] | null
  /** Role of the app where a second responder answers too; missing or null without one. */
  routing?: 'owner' | 'escalation' | null
}

export interface Template {
  id: string
  wabaId: string
  name: string
  language: string
  status: 'APPROVED' | 'PENDING' | 'REJECTED' | 'PAUSED' | 'DISABLED' | 'IN_APPEAL' | 'ARCHIVED'
  category: string
  previousCategory: string | null
  parameterFormat: 'POSITIONAL' | 'NAMED'
  components: Json[]
  rejectedReason: string | null
  quality: { score: string; date: number }
  createdAt: number
  edits: number[]
  pauses: number
  /** Whether sends are accepted and held until the template is released or paused. */
  pacing: boolean
  ttlSeconds: number | null
  /** Max price for 1,000 deliveries in minor units: such a template goes through `marketing_messages` only. */
  bidAmount?: number
}

export interface Media {
  id: string
  phoneNumberId: string | null
  mimeType: string
  filename: string | null
  sha256: string
  bytes: Buffer
  expiresAt: number
}

/** A WhatsApp user. A person who was never added gets a name and an id derived from the phone. */
export interface Person {
  waId: string | null
  userId: string | null
  name: string | null
  username: string | null
  /** Sends to this person are accepted and fail with this code, such as 131026 (unknown) or 130472 (experiment). */
  failsWith: number | null
  /** Portfolios whose marketing messages the person has stopped. */
  optedOutOf: Set<string>
}

/** The state between one number and one person. */
export interface Conversation {
  /** End of the customer service window in ms since 1970; 0 = never open. */
  windowUntil: number
  lastInboundAt: number
  /** Time of the person's last click on an ad; null after the reply to it, and without one. */
  adClickAt: number | null
  /** End of the free entry point in ms since 1970; 0 = never open. */
  freeEntryUntil: number
}

export interface OauthCode {
  wabaIds: string[]
  /** Scopes that the customer granted. */
  scopes: string[]
  redirectUri: string | null
  tokenLifetimeMs: number
  expiresAt: number
  used: boolean
}

export interface Upload {
  id: string
  mimeType: string
  length: number
  received: Buffer[]
  /** Handle of the complete file; missing until then. */
  handle?: string
}

/** An accepted send. */
export interface SentMessage {
  id: string
  phoneNumberId: string
  /** Recipient as posted, digits or a business-scoped user id. */
  to: string
  waId: string | null
  userId: string | null
  at: number
  type: string
  callbackData: string | null
  templateId: string | null
  /** Id of the template that Meta made of a Direct Send message. */
  directTemplateId: string | null
  groupId: string | null
  /** The posted JSON, unparsed: most messages are never looked at. */
  raw: string
}

/** A call with `status: read`. */
export interface ReadReceipt {
  phoneNumberId: string
  messageId: string
  typing: boolean
  at: number
}

/** The state of the simulated Meta. Plain data, which can be saved and loaded. */
export interface World {
  app: App
  tokens: Map<string, Token>
  wabas: Map<string, Waba>
  numbers: Map<string, PhoneNumber>
  templates: Map<string, Template>
  media: BoundedMap<string, Media>
  people: BoundedMap<string, Person>
  conversations: BoundedMap<string, Conversation>
  /** Replies by number and month. */
  replies: BoundedMap<string, number>
  codes: BoundedMap<string, OauthCode>
  uploads: BoundedMap<string, Upload>
  /** Inbound messages by id: only these can be marked as read. */
  inbound: BoundedMap<string, { phoneNumberId: string; at: number }>
  sent: RingBuffer<SentMessage>
  /** Read receipts, newest last. */
  reads: RingBuffer<ReadReceipt>
  groups: Map<string, Group>
}

/**
 * Conversation Routing. A number with a second responder has an owner of each thread: we, somebody else, or nobody. Only we, as the
 * escalation partner, may take a thread.
 */
export type ThreadOwner = 'us' | 'other' | 'nobody'

export interface Group {
  id: string
  phoneNumberId: string
  subject: string
  /** Phones of the people in it, without the business. */
  participants: string[]
  isSuspended: boolean
}

export function emptyWorld(app: App, keepMessages: number): World {
  return {
    app,
    tokens: new Map(),
    wabas: new Map(),
    numbers: new Map(),
    templates: new Map(),
    media: new BoundedMap(2000),
    people: new BoundedMap(200_000),
    conversations: new BoundedMap(500_000),
    replies: new BoundedMap(10_000),
    codes: new BoundedMap(1000),
    uploads: new BoundedMap(100),
    inbound: new BoundedMap(200_000),
    sent: new RingBuffer(keepMessages),
    reads: new RingBuffer(1000),
    groups: new Map(),
  }
}
