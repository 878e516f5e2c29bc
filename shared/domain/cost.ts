import { countryOf } from './phone-number.ts'
import { type PriceRow, priceOf } from './price.ts'
import { windowIsOpen } from './service-window.ts'

export interface Cost {
  amount: number
  currency: string
  category: string
}

export interface CostCircumstances {
  /** Of the template; null for what is free in form, and so in price. */
  category: string | null
  windowExpiresAt: Date | null
  freeEntryPointExpiresAt: Date | null
  waId: string | null
  now: Date
}

/** Free text is free; a template costs what the tenant's table says, a utility one inside the window nothing. */
export function costOf(settings: { currency: string; prices: readonly PriceRow[] }, about: CostCircumstances): Cost {
  const { currency, prices } = settings
  if (about.category === null) return { amount: 0, currency, category: 'service' }
  const category = about.category.toLowerCase()
  const isFree =
    (category === 'utility' && windowIsOpen(about.windowExpiresAt, about.now)) ||
    windowIsOpen(about.freeEntryPointExpiresAt, about.now)
  return { amount: isFree ? 0 : priceOf(prices, about.category, countryOf(about.waId)), currency, category }
}
