import { FREE_REPLIES } from '../prices/meta-cost.ts'

/** Billed replies of one number on one day. */
export interface RepliesOfDay {
  clientId: string
  /** `2026-11-29` */
  day: string
  replies: number
  /** Replies that Meta itself has marked as free; their price is 0 already. */
  freeReplies: number
  /** Their rates in millionths, by currency. */
  amounts: Record<string, number>
}

export interface FreeReplies {
  /** Replies that the allowance pays for. */
  replies: number
  /** What they would have cost, in millionths by currency. */
  amounts: Record<string, number>
}

/**
 * What the free replies of each number and month take off Meta's bill, by the rule of `monthlyBill`: where a month of a number has
 * replies that Meta marked as free, the marks are believed, else the first thousand are free. The day on which the thousandth
 * falls is divided in proportion: its replies may have different rates.
 * @param days whole months, from their first day on @param from first day that counts: what was free before belongs to another bill
 */
export function freeRepliesOf(days: readonly RepliesOfDay[], from: string): FreeReplies {
  const months = Map.groupBy(days, ({ clientId, day }) => `${clientId} ${day.slice(0, 7)}`)
  const free: FreeReplies = { replies: 0, amounts: {} }
  for (const month of months.values()) addMonth(free, month, from)
  return free
}

function addMonth(free: FreeReplies, month: readonly RepliesOfDay[], from: string): void {
  if (month.some(({ freeReplies }) => freeReplies > 0)) {
    free.replies += month.filter(({ day }) => day >= from).reduce((sum, { freeReplies }) => sum + freeReplies, 0)
    return
  }
  let left = FREE_REPLIES
  for (const { day, replies, amounts } of month.toSorted((a, b) => (a.day < b.day ? -1 : 1))) {
    const paidFor = Math.min(left, replies)
    left -= paidFor
    if (day < from || paidFor === 0) continue
    free.replies += paidFor
    for (const [currency, amount] of Object.entries(amounts))
      free.amounts[currency] = (free.amounts[currency] ?? 0) + Math.round((amount * paidFor) / replies)
  }
}
