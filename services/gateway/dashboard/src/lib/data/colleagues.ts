import { queryOptions } from '@tanstack/react-query'
import { get } from '../api/client.ts'
import type { ListPage, Role } from '../api/types.ts'

export interface Colleague {
  id: string
  name: string
  role: Role
}

/** The active people of the account, oneself among them. */
export const colleaguesQuery = queryOptions({
  queryKey: ['colleagues'],
  queryFn: async ({ signal }) => (await get<ListPage<Colleague>>('/users/names', undefined, signal)).data,
  staleTime: 5 * 60_000,
})
