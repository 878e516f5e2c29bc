import { queryOptions } from '@tanstack/react-query'
import { get } from '../api/client.ts'
import { keys } from './keys.ts'

/** What the account has spent this month towards its ceiling. */
export interface Spend {
  month: string
  amount: number
  spent: number
  currency: string
  /** Null: below the warning. */
  level: 'warning' | 'campaigns' | 'templates' | 'everything' | null
}

/** Null without a ceiling. An event tells of another level. */
export const spendQuery = queryOptions({
  queryKey: keys.spend,
  queryFn: async ({ signal }) => (await get<{ spend: Spend | null }>('/limits/spend', undefined, signal)).spend,
  staleTime: 5 * 60_000,
})
