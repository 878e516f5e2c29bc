import { type BilledMessage, FREE_REPLIES, type MonthlyBill } from './meta-cost.ts'
import { dayIn, sumOf } from './price-table.ts'
import { SERVICE } from './pricing.ts'

/**
 * Meta's bill for messages of any months, with the replies that are free for each number and month. How Meta marks those is not
 * documented. Where a month of a number has a reply marked as free, the marks are believed; else the first thousand billed
 * replies, in the order of their delivery, are taken for the free ones.
 */
export function monthlyBill(messages: readonly BilledMessage[], timezone: string): MonthlyBill {
  const months = Map.groupBy(messages, ({ phoneNumberId, deliveredAt }) => `${phoneNumberId} ${monthIn(timezone, deliveredAt)}`)
  const paid = [...months.values()].map(chargedOf)
  const charged = paid.flatMap(({ charged }) => charged)
  const known = charged.filter(({ metaCost }) => metaCost.amount !== null)
  const byCurrency = Map.groupBy(known, ({ metaCost }) => metaCost.currency)
  return {
    amounts: Object.fromEntries(
      [...byCurrency].map(([currency, rows]) => [currency, sumOf(rows.map(({ metaCost }) => metaCost.amount as number))]),
    ),
    freeReplies: paid.reduce((sum, { freeReplies }) => sum + freeReplies, 0),
    unknown: charged.length - known.length,
  }
}

const monthIn = (timezone: string, at: Date) => dayIn(timezone, at).slice(0, 7)

/** What is left to pay of the messages of one number and month. */
function chargedOf(messages: readonly BilledMessage[]): { charged: BilledMessage[]; freeReplies: number } {
  const marked = messages.filter(isMarkedFree).length
  if (marked > 0) return { charged: [...messages], freeReplies: marked }
  const replies = messages.filter(isBilledReply).toSorted((a, b) => a.deliveredAt.getTime() - b.deliveredAt.getTime())
  const free = new Set(replies.slice(0, FREE_REPLIES))
  return { charged: messages.filter(message => !free.has(message)), freeReplies: free.size }
}

const isMarkedFree = ({ metaCost }: BilledMessage) => metaCost.category === SERVICE && metaCost.type === 'free_customer_service'
const isBilledReply = ({ metaCost }: BilledMessage) =>
  metaCost.category === SERVICE && (metaCost.basis === 'foreseen' ? metaCost.amount !== 0 : metaCost.type === 'regular')
