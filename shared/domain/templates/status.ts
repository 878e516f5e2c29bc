export const TEMPLATE_STATES = ['PENDING', 'APPROVED', 'REJECTED', 'PAUSED', 'DISABLED'] as const
export type TemplateState = (typeof TEMPLATE_STATES)[number]

export const TEMPLATE_CATEGORIES = ['MARKETING', 'UTILITY', 'AUTHENTICATION'] as const
export type TemplateCategory = (typeof TEMPLATE_CATEGORIES)[number]

/** Meta may have others one day. */
export const isTemplateCategory = (word: string | null | undefined): word is TemplateCategory =>
  TEMPLATE_CATEGORIES.some(category => category === word)

/** Meta's statuses and events, as the five states that a sender must tell apart. */
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
}

/** Null for a word that we do not know. */
export const templateStateOf = (word: string | null): TemplateState | null =>
  word !== null && Object.hasOwn(STATUS_OF, word) ? (STATUS_OF[word] as TemplateState) : null

/** Of these two Meta has said that the template is gone, or is going. */
export const isGoneWord = (word: string | null): boolean => word === 'DELETED' || word === 'PENDING_DELETION'

/** `en-US` and `en_US` are the same language; Meta lists it with an underscore. */
export const languageCode = (language: string): string => language.replace('-', '_')
