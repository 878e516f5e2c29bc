import { useFormat } from '../../lib/i18n/format.ts'
import type { Amounts } from './data.ts'

/** Sums of money, each in its currency: they are never added up. */
export function useMoney() {
  const { money } = useFormat()
  /** Null: there is no amount. */
  const amounts = (of: Amounts): string | null =>
    Object.entries(of)
      .toSorted(([, a], [, b]) => b - a)
      .map(([currency, amount]) => money(amount, currency))
      .join(' + ') || null
  const each = (of: Amounts, count: number): string =>
    amounts(Object.fromEntries(Object.entries(of).map(([currency, amount]) => [currency, count === 0 ? 0 : amount / count]))) ??
    '–'
  return { amounts, each }
}
