import { queryOptions } from '@tanstack/react-query'
import { get } from '../../lib/api/client.ts'

/** How people sign in on this installation. */
export interface Methods {
  password: boolean
  oidc: { name: string; startUrl: string } | null
}

export const methodsQuery = queryOptions({
  queryKey: ['sign-in-methods'],
  queryFn: ({ signal }) => get<Methods>('/auth/methods', undefined, signal),
  staleTime: Number.POSITIVE_INFINITY,
})
