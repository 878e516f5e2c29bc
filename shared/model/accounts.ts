import type { Availability } from '../contracts/availability.ts'
import type { SpendCeiling, SpendStop } from '../domain/accounts/spend-ceiling.ts'
import type { AssignmentSettings } from '../domain/inbox/assignment.ts'
import type { MetaRates } from '../domain/prices/meta-cost.ts'
import type { PriceRow } from '../domain/prices/price-table.ts'
import type { Common, Id } from './common.ts'

export interface TemplateRef {
  name: string
  language: string
}

/** Messages in a minute and in a day; null: no limit. */
export interface SendLimits {
  messagesPerMinute: number | null
  messagesPerDay: number | null
}

/** How far the job of retention has come. */
export interface RetentionState {
  /** Up to where the last run that ended has emptied all; null before the first. */
  until: Date | null
  /** The same of the run under way; null between runs. */
  before: Date | null
  /** The last message that was looked at. */
  after: { at: Date; id: Id } | null
  /** Messages that the run under way has emptied. */
  emptied: number
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
    /** The tenant's own prices: `cost` of its messages. Replies cost 0 unless a row names the category SERVICE. */
    prices: PriceRow[]
    /** Meta's rates for the tenant's account, before those that come with Linko: `metaCost` of its messages. */
    metaRates?: MetaRates | null
    /** What happens to a send whose outcome is still unknown at its deadline. */
    unknownOutcome: 'fail' | 'retry'
    /** A chat send that waited longer than this fails. */
    maxWaitHours: number
    leadsEnabled: boolean
    /** Words that opt the writer of a message out of marketing. */
    stopWords?: string[]
    /** Reading a conversation also sends Meta's read receipt. */
    sendReadReceipts: boolean
    /** People who sign in with a password need a second factor before anything else; absent: false. */
    requireSecondFactor?: boolean
    /** Agents see only the conversations that are assigned to them. */
    agentsSeeOwnOnly?: boolean
    /** Users may answer only the conversations that are assigned to them. */
    onlyAssigneeReplies?: boolean
    assignment?: AssignmentSettings
    /** Days for which the contents of messages are kept; absent or null: for ever. */
    keepMessagesDays?: number | null
    /** Most to be spent on messages in a month; absent or null: no bound. */
    spendCeiling?: SpendCeiling | null
  }
  /** Limits in force: the lower of the tenant's own and the platform's (`limitsInForce`). */
  limits: SendLimits
  /** What the tenant asked for; absent in older rows: the limits in force. */
  ownLimits?: SendLimits | null
  /** What the platform allows the tenant; absent: no bound. */
  ceilings?: SendLimits | null
  /** How far the spend has come towards the ceiling; absent or null: not far enough for a warning. */
  spendStop?: SpendStop | null
  deactivatedAt?: Date | null
  /** Key of the hashes by which erased people are recognised, in hex; missing before the first erasure. */
  erasureKey?: string | null
  /** Missing before the first run of the retention. */
  retention?: RetentionState | null
}

export type Role = 'platform_admin' | 'tenant_admin' | 'manager' | 'agent'

export type UserStatus = 'invited' | 'active' | 'disabled'

/** Authenticator app of a user (TOTP) with its recovery codes. */
export interface SecondFactor {
  /** The secret in base32, encrypted for this user's row. */
  secret: string
  /** Null until a first code has shown that the app knows the secret: it is not asked for before. */
  confirmedAt: Date | null
  /** SHA-256 in hex of the recovery codes that are left. */
  recoveryHashes: string[]
  /** Time step of the last code that was accepted: a code works once. */
  lastStep: number
}

export interface UserDoc extends Common {
  tenantId: Id
  email: string
  name: string
  /** Null until the user has chosen a password by a link, and for users of an identity provider. */
  passwordHash: string | null
  role: Role
  /** `invited`: the user has not followed the link of the invitation yet, and cannot sign in. */
  status: UserStatus
  /** Absent or null: none. */
  secondFactor?: SecondFactor | null
  /** Whom the identity provider knows the user as, from their first sign-in there. */
  identity?: { issuer: string; subject: string } | null
  /** Raised by a change of password or role and by deactivation: older access tokens end. */
  tokenVersion: number
  lastSeenAt: Date | null
  /** When sign-ins were last locked after wrong passwords; absent once a sign-in has shown it. */
  lastLockedAt?: Date | null
  /** Availability for new conversations; absent: available. */
  availability?: Availability
  /** When the user was last given a conversation. */
  lastAssignedAt?: Date | null
  /** When the conversations of a disabled or deleted user were all given back; absent or null while that is to be done. */
  conversationsReleasedAt?: Date | null
}

export interface RefreshTokenDoc {
  _id: Id
  tenantId: Id
  userId: Id
  /** Session of the token: all tokens that follow from one sign-in. */
  familyId: string
  /** SHA-256 hex. */
  tokenHash: string
  createdAt: Date
  expiresAt: Date
  usedAt: Date | null
  /** Number of repeated uses within the grace time. */
  graceUses?: number
  revokedAt: Date | null
  userAgent: string | null
  /** Time of the sign-in; absent in older rows. */
  startedAt?: Date | null
  /** Address that the token was given to; absent in older rows. */
  ip?: string | null
}

/** How the browser of a session is reached while Linko is closed there. Nothing is sent once the session has ended. */
export interface PushSubscriptionDoc {
  _id: Id
  tenantId: Id
  userId: Id
  /** `familyId` of the session's refresh tokens. */
  sessionId: string
  /** Address at the browser's push service. */
  endpoint: string
  /** Public key of the browser, base64url. */
  p256dh: string
  /** Secret of the subscription, base64url. */
  auth: string
  /** Encryption key of the installation from which the key is derived that the subscription was made with. */
  keyId: string
  /** Public address of the installation, by which a push service reaches the operator; null: it has none. */
  subject: string | null
  createdAt: Date
  updatedAt: Date
  /** The dashboard renews it whenever it is opened. */
  expiresAt: Date
}

/** One-time link by which a user chooses a password: for an invitation or a reset. */
export interface AccountLinkDoc {
  _id: Id
  tenantId: Id
  userId: Id
  purpose: 'invitation' | 'reset'
  /** SHA-256 in hex of the token in the link. */
  tokenHash: string
  createdAt: Date
  expiresAt: Date
  /** Null for a link of the operator's command line. */
  createdBy: Id | null
  usedAt: Date | null
  /** Set when a newer link of the user took its place. */
  revokedAt: Date | null
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
  /** Key that took the place of this one, which goes on until `expiresAt`; absent: none. */
  replacedBy?: Id | null
}
