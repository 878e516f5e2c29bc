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
  lastEventAt?: LastEventAt
  /**
   * While Meta has given no id for it: `UNKNOWN` = sent, and nobody knows whether it arrived, written before the call;
   * `UNSUBMITTED` = certainly not there. Null: submitted, or never meant to be.
   */
  submission?: { state: 'UNKNOWN' | 'UNSUBMITTED'; at: Date; detail: string | null } | null
  /** Taken out of use by people: it stays DISABLED whatever Meta says of it. */
  disabledAt?: Date | null
  /** When it was edited at Meta while approved, in the last 30 days. */
  edits?: Date[]
}

/** Meta's list of templates read into ours; the row is the order, one process at a time carries it out. */
export interface TemplateSyncDoc {
  /** `sync:…` */
  _id: string
  tenantId: Id
  status: 'PENDING' | 'RUNNING' | 'DONE' | 'FAILED'
  /** At most one of a tenant is. */
  isOpen: boolean
  trigger: 'request' | 'schedule'
  requestedBy: Id | null
  attempts: number
  error: string | null
  counts: TemplateCounts
  /** Business accounts that are done, or given up with a reason: a new attempt leaves them. */
  accounts: { wabaId: string; error: string | null }[]
  /** Not before. */
  dueAt: Date
  /** While RUNNING: afterwards its process counts as dead. */
  heldUntil: Date | null
  createdAt: Date
  updatedAt: Date
}

/** `gone`: no more at Meta, and DISABLED here. */
export interface TemplateCounts {
  read: number
  added: number
  changed: number
  gone: number
}
