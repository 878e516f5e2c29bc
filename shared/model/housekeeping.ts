import type { Id } from './common.ts'

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
