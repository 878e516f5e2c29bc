import type { Common, Id } from './common.ts'

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
export type LastEventAt = Record<string, Date>

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
  lastEventAt?: LastEventAt
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
  /** Of the templates of its business account. Null: as soon as possible. */
  nextTemplateSyncAt?: Date | null
  connectedAt: Date | null
  disconnectedAt: Date | null
}
