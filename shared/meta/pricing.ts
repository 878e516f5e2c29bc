import { categoryOf, type Pricing } from '../domain/prices/pricing.ts'
import { isObject, type Json, text } from './json.ts'

/** The pricing in a status; some reports about groups have it inside `conversation`. Null without one. */
export function readPricing({ pricing, conversation }: Json): Pricing | null {
  const given = isObject(pricing) ? pricing : isObject(conversation) ? conversation.pricing : null
  if (!isObject(given) || text(given.category) === null) return null
  return {
    category: categoryOf(text(given.category) as string),
    type: text(given.type),
    billable: typeof given.billable === 'boolean' ? given.billable : null,
    billed: billedOf(given.cost),
  }
}

/** Meta writes the amount as a number or as a text. */
function billedOf(cost: unknown): Pricing['billed'] {
  if (!isObject(cost)) return null
  const currency = text(cost.currency)
  const amount = typeof cost.amount === 'string' && cost.amount.trim() !== '' ? Number(cost.amount) : cost.amount
  const isAmount = typeof amount === 'number' && Number.isFinite(amount) && amount >= 0
  return isAmount && currency !== null ? { amount, currency } : null
}
