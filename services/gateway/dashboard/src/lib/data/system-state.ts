import { useQuery, useQueryClient } from '@tanstack/react-query'
import { get } from '../api/client.ts'

const KEY = ['system-state'] as const
const LOOK_MS = 15_000

interface SystemState {
  queue: 'ready' | 'away'
  /** Since when this page knows it to be so (ms since 1970). */
  since: number
}

/** Whether messages flow; looked at every 15 s while the page is in front. Undefined while nobody knows. */
export function useSystemState(): SystemState | undefined {
  const queries = useQueryClient()
  return useQuery({
    queryKey: KEY,
    queryFn: async ({ signal }): Promise<SystemState> => {
      const { queue } = await get<{ queue: SystemState['queue'] }>('/dashboard/state', undefined, signal)
      const before = queries.getQueryData<SystemState>(KEY)
      return { queue, since: before?.queue === queue ? before.since : Date.now() }
    },
    refetchInterval: LOOK_MS,
    staleTime: LOOK_MS,
    // The badge tells when the server cannot be reached.
    retry: false,
  }).data
}
