export const STATES = ['PENDING', 'APPROVED', 'REJECTED', 'PAUSED', 'DISABLED'] as const
export type TemplateState = (typeof STATES)[number]
export const CATEGORIES = ['MARKETING', 'UTILITY', 'AUTHENTICATION'] as const
export type Category = (typeof CATEGORIES)[number]

/** What the address says about the list, and which template is shown. */
export interface TemplatesSearch {
  status?: TemplateState
  category?: Category
  /** Words in the name or the text. */
  q?: string
  /** Id of the template in the preview. */
  open?: string
}

/** Reads the search of an address; what it does not know is left out. */
export function readTemplatesSearch(given: Record<string, unknown>): TemplatesSearch {
  const { status, category, q, open } = given
  const search: TemplatesSearch = {}
  if (STATES.includes(status as TemplateState)) search.status = status as TemplateState
  if (CATEGORIES.includes(category as Category)) search.category = category as Category
  if (typeof q === 'number' || (typeof q === 'string' && q !== '')) search.q = String(q)
  if (typeof open === 'string' && /^[0-9a-f]{24}$/.test(open)) search.open = open
  return search
}
