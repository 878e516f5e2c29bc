import type { AutomaticAnswers, AutomaticSpending } from '../domain/inbox/automatic-answer.ts'
import type { Common, Id } from './common.ts'

export type ClientStatus = 'active' | 'disconnected' | 'suspended' | 'paused'
export type PauseReason = 'token' | 'account' | 'payment' | 'quality' | 'registration' | 'manual'

/** Notice from WhatsApp about a number or its account; the newest of each type is kept. */
export interface NumberNotice {
  type: string
  severity: 'CRITICAL' | 'WARNING' | 'INFORMATIONAL'
  text: string
  at: Date
}

/** Meta's time of the last event on each topic; an older event that arrives later changes nothing. */
export type LastEventAt = Record<string, Date>

export interface WebhookElsewhere {
  url: string
  of: 'number' | 'account' | 'app'
  expected: string
}

export interface ClientDoc extends Common {
  tenantId: Id
  /** User id on the tenant's own platform (LinkoJob, CRM module). */
  userId: string | null
  companyName: string | null
  email: string | null
  whatsappNumber: string
  verifiedName: string | null
  phoneNumberId: string
  /** Ids that the number had at Meta before, newest first: webhooks and messages may still name them. */
  formerPhoneNumberIds?: string[]
  wabaId: string
  portfolioId: string | null
  isPrimary: boolean
  /** Whether the number is also used in the WhatsApp Business app: fixed 20/s, echoes and history. */
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
  /** Unique recipients outside customer service windows in 24 h; null: unlimited. */
  messagingLimit: number | null
  /** Messages a second. */
  throughput: number
  /** The tenant's own lower rate in messages a second; absent or null: none. */
  maxPerSecond?: number | null
  /** Username of the business on WhatsApp. */
  username?: string | null
  automaticAnswers?: AutomaticAnswers | null
  automaticSpending?: AutomaticSpending | null
  accountReview?: 'APPROVED' | 'REJECTED' | 'PENDING' | 'DEFERRED' | null
  /** Number of phone numbers that the account may have. */
  maxPhoneNumbers?: number | null
  /** End of a restriction that pauses the number; the number then resumes automatically. */
  restrictedUntil?: Date | null
  /** End of the last pause; attempts before it do not pause the number again. */
  resumedAt?: Date | null
  /** Time until which campaigns are held; replies go out. */
  campaignsHeldUntil?: Date | null
  /** When Meta last refused Direct Send, because the account is not eligible; missing: it never did. */
  directSendRefusedAt?: Date | null
  /** Restriction to replies: campaigns, and templates outside a window, wait. Null `until`: the end is not known. */
  repliesOnly?: { reason: string; until: Date | null } | null
  /** Notices, newest first. */
  notices?: NumberNotice[]
  lastEventAt?: LastEventAt
  /** Whether Meta last reported the token as valid; null before the first check. */
  tokenValid?: boolean | null
  tokenScopes?: string[]
  /** End of the token's access to data. */
  dataAccessExpiry?: Date | null
  tokenCheckedAt?: Date | null
  /** Expiry that people were last warned of; there is one warning for each. */
  tokenWarnedFor?: Date | null
  /** Last time that a pause ended because Meta reported the token as valid. */
  tokenResumedAt?: Date | null
  /** Null: as soon as possible. */
  nextTokenCheckAt?: Date | null
  /** Meta's own statuses of the display name and of the number. */
  nameStatus?: string | null
  metaStatus?: string | null
  /** Set while Meta sends the number's webhooks to another address than ours: theirs, whose it is, and the one that was expected. */
  webhookElsewhere?: WebhookElsewhere | null
  healthCheckedAt?: Date | null
  /** Null: as soon as possible. */
  nextHealthCheckAt?: Date | null
  /** Next sync of the business account's templates. Null: as soon as possible. */
  nextTemplateSyncAt?: Date | null
  connectedAt: Date | null
  disconnectedAt: Date | null
  /** Sealed PIN of two-step verification that this platform chose; absent or null: it chose none. */
  twoStepPin?: string | null
  /** Sealed PIN that was sent to Meta without an answer yet: either this one or `twoStepPin` holds there. */
  nextTwoStepPin?: string | null
  /** When the PIN was shown to an admin; it is shown once. */
  pinShownAt?: Date | null
}
