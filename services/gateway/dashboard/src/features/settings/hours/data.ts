import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { WorkingHours } from '#shared/domain/inbox/working-hours.ts'
import { get, request } from '../../../lib/api/client.ts'
import { keys } from '../../../lib/data/keys.ts'

/** What a number answers by itself, and when people do. */
export interface Answers {
  /** Null: none. */
  greeting: string | null
  away: string | null
  /** In the time zone of the account; null: people always answer. */
  hours: WorkingHours | null
  /** Most that they may cost in a month; null: any amount. */
  monthlyCap: number | null
}

export interface ShownAnswers extends Answers {
  /** What one is expected to cost. */
  price: { amount: number; currency: string }
  /** This month, in UTC. */
  spent: { month: string; count: number; amount: number }
}

export const answersQuery = (numberId: string) =>
  queryOptions({
    queryKey: [...keys.numbers, numberId, 'automatic-answers'],
    queryFn: ({ signal }) => get<ShownAnswers>(`/phone-numbers/${numberId}/automatic-answers`, undefined, signal),
    staleTime: 0,
  })

interface AnswersChange {
  change: Partial<Answers>
  expected: Partial<Answers>
}

export function useAnswersChange(numberId: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ change, expected }: AnswersChange) =>
      request<ShownAnswers>('PATCH', `/phone-numbers/${numberId}/automatic-answers`, { body: { ...change, expected } }),
    onSuccess: shown => queries.setQueryData(answersQuery(numberId).queryKey, shown),
  })
}
