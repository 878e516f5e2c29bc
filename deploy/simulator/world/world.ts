import { BoundedMap, Ring } from './ring.ts'

export type Json = Record<string, unknown>

export interface App {
  id: string
  /** Portfolio of the platform that owns the app: partner events carry it as their entry's id. */
  portfolioId: string
  secret: string
  name: string
  /** Where webhooks go unless a number or a WABA has its own address; null sends none. */
  webhookUrl: string | null
  verifyToken: string
  /** Version of the webhooks: from 24 on, statuses carry `conversation` in free entry points only. */
  webhookVersion: number
  /** The app's "Require App Secret" switch. */
  requireProof: boolean
}

export interface Token {
  token: string
  type: 'SYSTEM_USER' | 'USER' | 'APP'
  /** The WABAs it may use, newest first; null = all. */
  wabaIds: string[] | null
  scopes: string[]
  issuedAt: number
  /** 0 = never. */
  expiresAt: number
  /** Refuses every call from now on: an error code, and for 190 its subcode. */
  refused: { code: number; subcode?: number } | null
  userId: string
}

/** The state of the account; each but `OK` refuses sends with a code of its own. */
export type AccountState = 'OK' | 'REPLIES_ONLY' | 'RESTRICTED' | 'LOCKED' | 'NO_PAYMENT'

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
  /** Sends of templates are accepted and fail later, instead of being refused. */
  paymentFailsLater: boolean
  subscribed: boolean
  override: Override | null
  templateLimit: number
  /** `name/language` -> until when it cannot be created again. */
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
  blocked: Set<string>
  synced: Set<string>
  /** Only a test number has one: the few people it may write to. */
  allowedRecipients: string[] | null
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
  /** Pacing: sends are accepted and held until the template is released or paused. */
  pacing: boolean
  ttlSeconds: number | null
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

/** A WhatsApp user; those never named are made up from their phone on the way. */
export interface Person {
  waId: string | null
  userId: string | null
  name: string | null
  username: string | null
  /** Sends to this person are accepted and fail with this code: 131026 unknown, 130472 experiment, … */
  failsWith: number | null
  /** Portfolios whose marketing messages the person has stopped. */
  optedOutOf: Set<string>
}

/** What one number and one person have between them. */
export interface Thread {
  windowUntil: number
  lastInboundAt: number
  /** When the person came by an ad; null once used up or never. */
  adClickAt: number | null
  freeEntryUntil: number
}

export interface OauthCode {
  wabaIds: string[]
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
  /** The posted JSON, parsed only when somebody looks. */
  raw: string
}

/** What `status: read` said. */
export interface ReadReceipt {
  phoneNumberId: string
  messageId: string
  typing: boolean
  at: number
}

/** Everything the simulated Meta knows. Plain data: it can be saved and read back. */
export interface World {
  app: App
  tokens: Map<string, Token>
  wabas: Map<string, Waba>
  numbers: Map<string, PhoneNumber>
  templates: Map<string, Template>
  media: BoundedMap<string, Media>
  people: BoundedMap<string, Person>
  threads: BoundedMap<string, Thread>
  codes: BoundedMap<string, OauthCode>
  uploads: BoundedMap<string, Upload>
  /** Ids of users' messages: only these can be marked as read. */
  inbound: BoundedMap<string, { phoneNumberId: string; at: number }>
  sent: Ring<SentMessage>
  /** Read receipts, newest last. */
  reads: Ring<ReadReceipt>
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
    threads: new BoundedMap(500_000),
    codes: new BoundedMap(1000),
    uploads: new BoundedMap(100),
    inbound: new BoundedMap(200_000),
    sent: new Ring(keepMessages),
    reads: new Ring(1000),
  }
}
