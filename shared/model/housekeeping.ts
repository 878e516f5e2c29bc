import type { CallPace } from '../domain/call-pace.ts'
import type { Id } from './common.ts'

export interface IdempotencyKeyDoc {
  _id: Id
  tenantId: Id
  key: string
  requestHash: string
  status: number | null
  body: unknown
  /** The attempt that works for the key or has answered. */
  holder?: Id | null
  attempts?: number
  /** Id of what the request creates. */
  resourceId?: Id | null
  /** Time, by MongoDB's clock, after which the process counts as dead, while no answer is stored. */
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

/** Lease with one holder at a time, for background jobs. */
export interface LeaseDoc {
  _id: string
  owner: string
  until: Date
}

/** Counter; `events:<tenantId>` holds the last `seq` that was assigned. */
export interface CounterDoc {
  _id: string
  value: number
}

/** What a process last said about itself. */
export interface ServiceReportDoc {
  /** `<service>:<instance>`. */
  _id: string
  service: 'gateway' | 'ingest' | 'sender' | 'realtime'
  version: string
  startedAt: Date
  seenAt: Date
  isReady: boolean
  /** The parts of `/ready`. */
  parts: Record<string, boolean>
  /** How quickly Meta answers this process; null when it makes no sends. */
  pace?: CallPace | null
}
