/** Pricing that Meta reports with `sent` or `delivered`, once for each message. */
export interface Pricing {
  /** In lower case with hyphens: `authentication-international`. */
  category: string
  /** `regular` is billed; `free_customer_service` and `free_entry_point` are not. Missing in old versions. */
  type: string | null
  /** Deprecated by Meta: used only where `type` is missing. */
  billable: boolean | null
  /** What Meta says it bills, for templates with a maximum price only. */
  billed: { amount: number; currency: string } | null
}

export const isFree = ({ type, billable }: Pricing): boolean => (type === null ? billable === false : type !== 'regular')

/** Category as Meta spells it in one place with a hyphen, in another with an underscore, in others in capitals. */
export const categoryOf = (name: string): string =>
  name.toLowerCase().replace(/^authentication_international$/, 'authentication-international')

/** Categories that price a template. All others are about replies or about conversations, which Meta billed until July 2025. */
const OF_TEMPLATES = new Set([
  'marketing',
  'marketing_lite',
  'utility',
  'authentication',
  'authentication-international',
  'group_marketing',
  'group_utility',
])
export const isOfTemplates = (category: string): boolean => OF_TEMPLATES.has(category)

/** What the Marketing Messages API delivers. */
const MARKETING_LITE = 'marketing_lite'

/** Category that a table of prices knows it by: as marketing, unless the table tells what the Marketing Messages API delivers. */
export const listedAs = (rows: readonly { category: string | null }[], category: string): string =>
  category === MARKETING_LITE && !rows.some(row => row.category?.toLowerCase() === MARKETING_LITE) ? 'marketing' : category

/** Whether a reported category is the one that was foreseen; which endpoint delivers marketing is known by the report alone. */
export const isAsForeseen = (foreseen: string, reported: string): boolean =>
  listedAs([], categoryOf(foreseen)) === listedAs([], reported)

/** Category of replies. */
export const SERVICE = 'service'

/** Day on which Meta began to bill replies, and utility templates in an open window. */
export const REPLIES_BILLED_SINCE = '2026-10-01'
