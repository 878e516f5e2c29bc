import { useQuery } from '@tanstack/react-query'
import { get } from './api/client.ts'
import type { DashboardSettings } from './api/types.ts'

const query = {
  queryKey: ['settings'],
  queryFn: () => get<DashboardSettings>('/dashboard/settings'),
  staleTime: Number.POSITIVE_INFINITY,
}

/** What the installation is: address of the sockets, and in development the people of the demo. */
export const settingsQuery = query
export const useSettings = (): DashboardSettings | undefined => useQuery(query).data
