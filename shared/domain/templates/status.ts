export const TEMPLATE_STATES = ['PENDING', 'APPROVED', 'REJECTED', 'PAUSED', 'DISABLED'] as const
export type TemplateState = (typeof TEMPLATE_STATES)[number]

export const TEMPLATE_CATEGORIES = ['MARKETING', 'UTILITY', 'AUTHENTICATION'] as const
export type TemplateCategory = (typeof TEMPLATE_CATEGORIES)[number]

/** Whether Meta's category is one of those that we know. */
export const isTemplateCategory = (category: string | null | undefined): category is TemplateCategory =>
  TEMPLATE_CATEGORIES.some(known => known === category)

/** Meta's statuses and events, mapped to the five states that sending distinguishes. */
const STATUS_OF: Record<string, TemplateState> = {
  APPROVED: 'APPROVED',
  REINSTATED: 'APPROVED',
  UNPAUSED: 'APPROVED',
  UNLOCKED: 'APPROVED',
  FLAGGED: 'APPROVED',
  PENDING: 'PENDING',
  IN_APPEAL: 'PENDING',
  REJECTED: 'REJECTED',
  PAUSED: 'PAUSED',
  LOCKED: 'PAUSED',
  LIMIT_EXCEEDED: 'PAUSED',
  DISABLED: 'DISABLED',
  PENDING_DELETION: 'DISABLED',
  DELETED: 'DISABLED',
  ARCHIVED: 'DISABLED',
  UNARCHIVED: 'APPROVED',
}

/** State for a status or event of Meta; null for one that we do not know. */
export const templateStateOf = (status: string | null): TemplateState | null =>
  status !== null && Object.hasOwn(STATUS_OF, status) ? (STATUS_OF[status] as TemplateState) : null

/** Whether Meta's status says that the template is deleted or is being deleted. */
export const isDeletedStatus = (status: string | null): boolean => status === 'DELETED' || status === 'PENDING_DELETION'
