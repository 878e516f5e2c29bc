import { META_CURRENCY } from '../prices/meta-rates.ts'
import { dayIn } from '../prices/price-table.ts'

/** Most that a tenant wants to spend on messages in a calendar month. */
export interface SpendCeiling {
  amount: number
  /** Which price is added up: the company's own (`cost`), or Meta's (`metaCost`). */
  of: 'cost' | 'metaCost'
  /** Share of the amount in per cent from which campaigns wait, and then other templates; replies go on up to all of it. */
  campaignsStopAt: number
  templatesStopAt: number
}

/** How far the spend of a month has come, least first: a warning, and what waits; each level includes those before it. */
export const SPEND_LEVELS = ['warning', 'campaigns', 'templates', 'everything'] as const
export type SpendLevel = (typeof SPEND_LEVELS)[number]

export const WARNING_AT = 80
export const DEFAULT_STOPS = { campaignsStopAt: 90, templatesStopAt: 95 } as const

/** State of a tenant's spend, as it was last written. */
export interface SpendStop {
  /** `2026-11`, in the tenant's time zone: in another month nothing of it holds. */
  month: string
  level: SpendLevel
  at: Date
}

export type SpendKind = 'campaign' | 'template' | 'reply'

/** The level that a spend reaches; null: none. @param spent in the currency of the ceiling */
export function spendLevel({ amount, campaignsStopAt, templatesStopAt }: SpendCeiling, spent: number): SpendLevel | null {
  // In whole millionths: a sum of prices must reach an amount of the same size.
  const reaches = (share: number) => Math.round(spent * MILLION) * 100 >= Math.round(amount * MILLION) * share
  if (reaches(100)) return 'everything'
  if (reaches(templatesStopAt)) return 'templates'
  if (reaches(campaignsStopAt)) return 'campaigns'
  return reaches(WARNING_AT) ? 'warning' : null
}

const MILLION = 1_000_000

const STOPPED: Record<SpendLevel, readonly SpendKind[]> = {
  warning: [],
  campaigns: ['campaign'],
  templates: ['campaign', 'template'],
  everything: ['campaign', 'template', 'reply'],
}

/** Whether a kind of message waits at a level. */
export const isStopped = (level: SpendLevel | null, kind: SpendKind): boolean => level !== null && STOPPED[level].includes(kind)

/** Whether less waits than before. */
export const isEased = (before: SpendLevel | null, after: SpendLevel | null): boolean => rankOf(after) < rankOf(before)

const rankOf = (level: SpendLevel | null) => (level === null ? -1 : SPEND_LEVELS.indexOf(level))

/** The month of a time, `2026-11`. */
export const monthIn = (timezone: string, at: Date): string => dayIn(timezone, at).slice(0, 7)

/** The level that holds now: a stop of another month does not. */
export const levelNow = (stop: SpendStop | null | undefined, timezone: string, now: Date): SpendLevel | null =>
  stop && stop.month === monthIn(timezone, now) ? stop.level : null

interface CurrencySettings {
  currency: string
  metaRates?: { currency: string } | null
}

/** Currency in which a ceiling's amount is given. */
export const ceilingCurrency = ({ of }: Pick<SpendCeiling, 'of'>, { currency, metaRates }: CurrencySettings): string =>
  of === 'cost' ? currency : (metaRates?.currency ?? META_CURRENCY)
