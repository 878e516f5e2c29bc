import type { Availability } from '../contracts/availability.ts'
import type { Common, Id } from './common.ts'

export interface TemplateRef {
  name: string
  language: string
}

export interface Price {
  /** null matches any. The most specific row wins: category and country, category, country, none. */
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
    /** Words that opt the writer of a message out of marketing. */
    stopWords?: string[]
    /** Reading a conversation also sends Meta's read receipt. */
    sendReadReceipts: boolean
  }
  limits: { messagesPerMinute: number | null; messagesPerDay: number | null }
  /** Key of the hashes by which erased people are recognised, in hex; missing before the first erasure. */
  erasureKey?: string | null
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
  /** When sign-ins were last locked after wrong passwords; absent once a sign-in has shown it. */
  lastLockedAt?: Date | null
  /** Availability for new conversations; absent: available. */
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
  /** Number of repeated uses within the grace time. */
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
