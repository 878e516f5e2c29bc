import { queryOptions } from '@tanstack/react-query'
import { get } from '../api/client.ts'

/** How many people a number may write to first in 24 hours, together with the others of its portfolio, and how many it has. */
export interface MessagingLimit {
  numberId: string
  limit: number
  /** Null while it is not known. */
  used: number | null
}

interface LimitsAnswer {
  numbers: { id: string; messagingLimit: { limit: number; used: number | null } | null }[]
}

const LOOK_MS = 60_000

/** Those of the numbers that have one. No event tells how many people were written to. */
export const messagingLimitsQuery = queryOptions({
  queryKey: ['limits', 'messaging'],
  queryFn: async ({ signal }): Promise<MessagingLimit[]> => {
    const { numbers } = await get<LimitsAnswer>('/limits', undefined, signal)
    return numbers.flatMap(({ id, messagingLimit }) => (messagingLimit ? [{ numberId: id, ...messagingLimit }] : []))
  },
  refetchInterval: LOOK_MS,
  staleTime: LOOK_MS,
})

export const isUsedUp = ({ used, limit }: MessagingLimit): boolean => used !== null && used >= limit
