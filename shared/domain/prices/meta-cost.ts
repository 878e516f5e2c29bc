import { META_CURRENCY, metaRate } from './meta-rates.ts'
import { findPrice, type Priced, type PriceRow } from './price-table.ts'
import { isFree, type Pricing, REPLIES_BILLED_SINCE, SERVICE } from './pricing.ts'

/** What Meta bills for a message. */
export interface MetaCost {
  /** Null: the rate for this country and category is not known, which is not the same as free. */
  amount: number | null
  currency: string
  category: string
  /** Meta's word for how it is billed: `regular`, `free_customer_service`, `free_entry_point`; null while it is foreseen or unsaid. */
  type: string | null
  /** `foreseen` until Meta has reported. */
  basis: 'foreseen' | 'reported'
}

/** Rates of the tenant's own account, which go before those that come with Linko. */
export interface MetaRates {
  currency: string
  rows: readonly PriceRow[]
}

/** @param free why Meta will bill nothing; null: it is billed */
export function foreseenMetaCost(rates: MetaRates | null, priced: Priced, free: string | null): MetaCost {
  const isFreeReply = priced.category === SERVICE && priced.day < REPLIES_BILLED_SINCE
  const { amount, currency } = free !== null || isFreeReply ? { amount: 0, currency: currencyOf(rates) } : rateOf(rates, priced)
  return { amount, currency, category: priced.category, type: null, basis: 'foreseen' }
}

export function reportedMetaCost(rates: MetaRates | null, pricing: Pricing, priced: Priced): MetaCost {
  const said = { category: pricing.category, type: pricing.type, basis: 'reported' as const }
  if (isFree(pricing)) return { amount: 0, currency: currencyOf(rates), ...said }
  return { ...(pricing.billed ?? rateOf(rates, priced)), ...said }
}

const currencyOf = (rates: MetaRates | null) => rates?.currency ?? META_CURRENCY

function rateOf(rates: MetaRates | null, priced: Priced): { amount: number | null; currency: string } {
  const own = rates && findPrice(rates.rows, priced)
  if (rates !== null && own !== null) return { amount: own, currency: rates.currency }
  // Rates of two currencies cannot be mixed in one account: what its own table lacks is not known.
  const isComparable = rates === null || rates.currency === META_CURRENCY
  return { amount: isComparable ? metaRate(priced) : null, currency: currencyOf(rates) }
}

/** A message on Meta's bill. */
export interface BilledMessage {
  phoneNumberId: string
  deliveredAt: Date
  metaCost: MetaCost
}

export interface MonthlyBill {
  /** The sum of what is known, by currency. */
  amounts: Record<string, number>
  /** Replies that the free allowance pays for. */
  freeReplies: number
  /** Messages whose rate is not known. */
  unknown: number
}

/** Replies that Meta delivers free for each number in each calendar month, whatever their country. */
export const FREE_REPLIES = 1000
