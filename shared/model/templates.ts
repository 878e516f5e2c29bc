import type { MaxPrice } from '../domain/messages/marketing-messages.ts'
import type { TemplateState } from '../domain/templates/status.ts'
import type { Common, Id } from './common.ts'
import type { LastEventAt } from './numbers.ts'

export type TemplateStatus = TemplateState

export interface TemplateDoc extends Common {
  tenantId: Id
  wabaId: string
  name: string
  language: string
  category: 'MARKETING' | 'UTILITY' | 'AUTHENTICATION'
  status: TemplateStatus
  reason: string | null
  /** Components in Meta's form: [{type: 'BODY', text, example}, …]. */
  components: Record<string, unknown>[]
  parameterFormat: 'POSITIONAL' | 'NAMED'
  variables: { name: string; position: number; description: string | null; example: string | null; component: string }[]
  metaTemplateId: string | null
  /** Seconds for which Meta tries to deliver a message of it, -1 for 30 days; null or absent: Meta's default. */
  messageSendTtlSeconds?: number | null
  /** Ceiling set at Meta for 1,000 deliveries; null or absent: none. It is sent by the Marketing Messages API alone. */
  maxPrice?: MaxPrice | null
  quality: 'GREEN' | 'YELLOW' | 'RED' | 'UNKNOWN'
  usageCount: number
  lastUsedAt: Date | null
  /** Category change that WhatsApp has announced. */
  categoryChange?: { to: TemplateDoc['category']; at: Date } | null
  lastEventAt?: LastEventAt
  /**
   * Submission of a template without a Meta id. `UNKNOWN`: the outcome of the call is not known; written before the call.
   * `UNSUBMITTED`: certainly not submitted. Null: submitted, or never meant to be.
   */
  submission?: { state: 'UNKNOWN' | 'UNSUBMITTED'; at: Date; detail: string | null } | null
  /** Id of the request that last created the template, by which its repeat finds it. */
  creationId?: Id | null
  /** When people disabled the template: it stays DISABLED whatever Meta reports. */
  disabledAt?: Date | null
  /** Times of edits at Meta while approved, in the last 30 days. */
  edits?: Date[]
}

/** Synchronisation of templates with Meta's list, carried out by one process at a time. */
export interface TemplateSyncDoc {
  /** `sync:…` */
  _id: string
  tenantId: Id
  status: 'PENDING' | 'RUNNING' | 'DONE' | 'FAILED'
  /** Whether the sync is not finished; at most one of a tenant is open. */
  isOpen: boolean
  trigger: 'request' | 'schedule'
  requestedBy: Id | null
  attempts: number
  error: string | null
  counts: TemplateCounts
  /** Business accounts that are done, or failed with a reason; a new attempt skips them. */
  accounts: { wabaId: string; error: string | null }[]
  /** Earliest start. */
  dueAt: Date
  /** Time after which the process of a RUNNING sync counts as dead. */
  heldUntil: Date | null
  createdAt: Date
  updatedAt: Date
}

/** Results of a sync. `gone`: templates that Meta no longer has, now DISABLED. */
export interface TemplateCounts {
  read: number
  added: number
  changed: number
  gone: number
}
