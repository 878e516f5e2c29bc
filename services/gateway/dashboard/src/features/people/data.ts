import { infiniteQueryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { get, request } from '../../lib/api/client.ts'
import type { ListPage, Role } from '../../lib/api/types.ts'
import type { OneTimeLink } from '../../ui/link-dialog.tsx'

/** A user as the admins of the account see them. */
export interface Person {
  id: string
  email: string
  name: string
  role: Role
  /** invited: has not followed the link of the invitation yet. */
  status: 'invited' | 'active' | 'disabled'
  hasSecondFactor: boolean
  lastSeenAt: string | null
  lastLockedAt: string | null
}

const KEY = ['people'] as const
const PAGE = 100

export const peopleQuery = infiniteQueryOptions({
  queryKey: KEY,
  queryFn: ({ pageParam, signal }) => get<ListPage<Person>>('/users', { limit: PAGE, cursor: pageParam }, signal),
  initialPageParam: null as string | null,
  getNextPageParam: ({ nextCursor }) => nextCursor,
  // No event tells of people.
  staleTime: 0,
})

/** Changes people; the list is read again after each change. */
export function usePeopleChange<Input, Output>(change: (input: Input) => Promise<Output>) {
  const queries = useQueryClient()
  return useMutation({ mutationFn: change, onSettled: () => queries.invalidateQueries({ queryKey: KEY }) })
}

export interface NewPerson {
  name: string
  email: string
  role: Role
}

export const invite = (body: NewPerson & { key: string }): Promise<Person & { link: OneTimeLink | null }> => {
  const { key, ...person } = body
  return request('POST', '/users', { body: person, idempotencyKey: key })
}

export const changePerson = ({ id, ...body }: { id: string; role?: Role; status?: 'active' | 'disabled' }): Promise<Person> =>
  request('PATCH', `/users/${id}`, { body })

export const newLink = ({ id }: { id: string }): Promise<OneTimeLink> => request('POST', `/users/${id}/link`)
