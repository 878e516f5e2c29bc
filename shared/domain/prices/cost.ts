import { countryOf } from '../contacts/phone-number.ts'
import { windowIsOpen } from '../messages/service-window.ts'
import { foreseenMetaCost, type MetaCost, type MetaRates, reportedMetaCost } from './meta-cost.ts'
import { dayIn, findPrice, type PriceRow } from './price-table.ts'
import { categoryOf, isAsForeseen, isFree, isOfTemplates, type Pricing, REPLIES_BILLED_SINCE, SERVICE } from './pricing.ts'

/**
 * What a message costs, twice: `cost` by the tenant's own price table, `metaCost` as Meta will bill it. Both are foreseen when a
 * message is accepted; the pricing that Meta reports with its delivery replaces what was foreseen.
 */

export interface Cost {
  amount: number
  currency: string
  /** In lower case, as Meta names it: `service` for replies. */
  category: string
}

export interface Prices {
  cost: Cost
  metaCost: MetaCost
}

export interface PriceSettings {
  currency: string
  prices: readonly PriceRow[]
  /** In which a day begins. */
  timezone: string
  /** Meta's rates as the tenant knows them, before the ones that come with Linko. */
  metaRates?: MetaRates | null
}

export interface CostCircumstances {
  /** Category of the template; null for a free-form message. */
  category: string | null
  windowExpiresAt: Date | null
  freeEntryPointExpiresAt: Date | null
  waId: string | null
  userId?: string | null
  /** When it will be sent. */
  now: Date
}

/**
 * The prices expected of a message. Nothing is billed for 72 h after an answer to an ad; until the end of September 2026 also
 * nothing for replies and for utility templates in an open window.
 */
export function pricesOf(settings: PriceSettings, about: CostCircumstances): Prices {
  const category = about.category === null ? SERVICE : categoryOf(about.category)
  const priced = { category, country: countryOfPerson(about), day: dayIn(settings.timezone ?? 'UTC', about.now) }
  const isAfterAd = windowIsOpen(about.freeEntryPointExpiresAt, about.now)
  const isInWindow = category === 'utility' && windowIsOpen(about.windowExpiresAt, about.now)
  const isFree = isAfterAd || (isInWindow && priced.day < REPLIES_BILLED_SINCE)
  const amount = isFree ? 0 : ownPrice(settings.prices ?? [], priced)
  return {
    cost: { amount, currency: settings.currency, category },
    metaCost: foreseenMetaCost(
      settings.metaRates ?? null,
      priced,
      isAfterAd ? 'free_entry_point' : isFree ? 'free_customer_service' : null,
    ),
  }
}

/** What is known of a message when Meta reports its pricing. */
export interface Delivered {
  pricing: Pricing
  isTemplate: boolean
  /** As foreseen, or as an earlier report left it. */
  cost: Cost | null
  waId: string | null
  userId?: string | null
  /** Time of the report. */
  at: Date
}

/**
 * The prices once Meta has reported: nothing if Meta bills nothing. What was foreseen for the same category stays, because the
 * table may have changed since; but a foreseen 0 gives way to `regular`.
 */
export function reportedPrices(settings: PriceSettings, about: Delivered): Prices {
  const { pricing, cost } = about
  const day = dayIn(settings.timezone ?? 'UTC', about.at)
  const country = countryOfPerson(about)
  const category = pricing.category
  const ownCategory = isOfTemplates(category) ? category : about.isTemplate && cost ? categoryOf(cost.category) : SERVICE
  const mayStay = cost !== null && cost.amount > 0 && isAsForeseen(cost.category, category)
  const billed = mayStay ? cost.amount : ownPrice(settings.prices ?? [], { category: ownCategory, country, day })
  return {
    cost: { amount: isFree(pricing) ? 0 : billed, currency: cost?.currency ?? settings.currency, category },
    metaCost: reportedMetaCost(settings.metaRates ?? null, pricing, { category, country, day }),
  }
}

/** The tenant's price. A row without a category is about templates: a reply costs what a row for `SERVICE` says, else nothing. */
function ownPrice(rows: readonly PriceRow[], priced: { category: string; country: string | null; day: string }): number {
  const own = isOfTemplates(priced.category) ? rows : rows.filter(({ category }) => category !== null)
  return findPrice(own, priced) ?? 0
}

/** Price of a template in a country by the tenant's table. */
export const templatePrice = (rows: readonly PriceRow[], priced: { category: string; country: string | null; day: string }) =>
  ownPrice(rows, { ...priced, category: categoryOf(priced.category) })

/** Country of a person by the number, else by the country that a business-scoped id begins with. */
export const countryOfPerson = ({ waId, userId }: { waId: string | null; userId?: string | null }): string | null =>
  countryOf(waId) ?? /^([A-Z]{2})\./.exec(userId ?? '')?.[1] ?? null
