import type { Common, Id } from './common.ts'
import type { HeardAt } from './numbers.ts'

export type TemplateStatus = 'PENDING' | 'APPROVED' | 'REJECTED' | 'PAUSED' | 'DISABLED'

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
  heardAt?: HeardAt
}
