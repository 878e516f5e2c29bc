import { useQuery } from '@tanstack/react-query'
import { get } from './api/client.ts'
import { Problem } from './api/problem.ts'
import type { DashboardSettings } from './api/types.ts'

const query = {
  queryKey: ['settings'],
  queryFn: () => get<DashboardSettings>('/dashboard/settings'),
  staleTime: Number.POSITIVE_INFINITY,
  // Without it there is no connection, so it is asked for until the server answers.
  retry: (_failures: number, error: unknown) => !(error instanceof Problem) || error.isPassing,
}

/** What the installation is: address of the sockets, and in development the people of the demo. */
export const settingsQuery = query
export const useSettings = (): DashboardSettings | undefined => useQuery(query).data
