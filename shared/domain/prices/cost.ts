import { countryOf } from '../contacts/phone-number.ts'
import { windowIsOpen } from './service-window.ts'

/** Row of a tenant's price table; null matches anything. */
export interface PriceRow {
  category: string | null
  country: string | null
  amount: number
}

/** Price of a template. The most specific row wins: category and country, category, country, none; 0 when no row matches. */
export function priceOf(rows: readonly PriceRow[], category: string, country: string | null): number {
  const fits = rows.filter(row => matches(row.category, category) && matches(row.country, country))
  const weight = (row: PriceRow) => (row.category === null ? 0 : 2) + (row.country === null ? 0 : 1)
  return fits.toSorted((a, b) => weight(b) - weight(a))[0]?.amount ?? 0
}

const matches = (wanted: string | null, given: string | null) =>
  wanted === null || wanted.toUpperCase() === (given ?? '').toUpperCase()

/** Pricing that Meta reports with `sent` or `delivered`. */
export interface Pricing {
  category: string
  /** `regular` is billed; `free_customer_service` and `free_entry_point` are not. */
  type: string | null
  /** Deprecated by Meta: used only where `type` is missing. */
  billable: boolean | null
}

export const isFree = ({ type, billable }: Pricing): boolean => (type === null ? billable === false : type !== 'regular')

export interface Cost {
  amount: number
  currency: string
  category: string
}

export interface CostCircumstances {
  /** Category of the template; null for a free-form message, which costs nothing. */
  category: string | null
  windowExpiresAt: Date | null
  freeEntryPointExpiresAt: Date | null
  waId: string | null
  now: Date
}

/** Expected cost: nothing for free-form messages and utility templates in an open window, else the price of the tenant's table. */
export function costOf(settings: { currency: string; prices: readonly PriceRow[] }, about: CostCircumstances): Cost {
  const { currency, prices } = settings
  if (about.category === null) return { amount: 0, currency, category: 'service' }
  const category = about.category.toLowerCase()
  const isFree =
    (category === 'utility' && windowIsOpen(about.windowExpiresAt, about.now)) ||
    windowIsOpen(about.freeEntryPointExpiresAt, about.now)
  return { amount: isFree ? 0 : priceOf(prices, about.category, countryOf(about.waId)), currency, category }
}
