import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { type NumberUsername, normalizedUsername } from '#shared/domain/numbers/username.ts'
import { get, request } from '../../../lib/api/client.ts'
import { keys } from '../../../lib/data/keys.ts'

/** The username of a number with others that WhatsApp proposes. */
export interface ShownUsername extends NumberUsername {
  suggestions: string[]
}

export const usernameQuery = (numberId: string) =>
  queryOptions({
    queryKey: [...keys.numbers, numberId, 'username'],
    queryFn: ({ signal }) => get<ShownUsername>(`/phone-numbers/${numberId}/username`, undefined, signal),
    // Each reading asks WhatsApp.
    staleTime: 60_000,
    retry: false,
  })

/** Claims a username. `transfer`: takes it from another number of the portfolio. */
export function useUsernameClaim(numberId: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ username, transfer }: { username: string; transfer: boolean }) =>
      request<ShownUsername>('PUT', `/phone-numbers/${numberId}/username`, {
        body: { username: normalizedUsername(username), transfer },
      }),
    onSuccess: shown => queries.setQueryData(usernameQuery(numberId).queryKey, shown),
  })
}

/** Gives the username of a number back. */
export function useUsernameRelease(numberId: string) {
  const queries = useQueryClient()
  const { queryKey } = usernameQuery(numberId)
  return useMutation({
    mutationFn: () => request('DELETE', `/phone-numbers/${numberId}/username`),
    onSuccess: () => {
      queries.setQueryData(queryKey, shown => shown && { ...shown, username: null, status: null })
    },
  })
}
