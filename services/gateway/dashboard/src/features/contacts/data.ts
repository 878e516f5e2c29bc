import { type InfiniteData, infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { ContactView, ConversationView } from '#shared/contracts/views.ts'
import { get, request } from '../../lib/api/client.ts'
import type { ListPage } from '../../lib/api/types.ts'
import type { ContactFilters } from './search.ts'

export type AttributeValue = string | number | boolean

/** A contact as the page shows it. */
export interface Contact extends ContactView {
  optOutAt: string | null
  optOutSource: string | null
  attributes: Record<string, AttributeValue>
  labels: string[]
  /** `state` is the block at Meta. */
  block: { at: string; state: string; problem: string | null } | null
  createdAt: string
}

export const CONTACTS = ['contacts'] as const
const LISTS = [...CONTACTS, 'list'] as const
const PAGE = 50

export const contactsQuery = (filters: ContactFilters) =>
  infiniteQueryOptions({
    queryKey: [...LISTS, filters],
    queryFn: ({ pageParam, signal }) =>
      get<ListPage<Contact>>('/contacts', { ...filters, limit: PAGE, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    // No event tells of contacts.
    staleTime: 0,
  })

const oneKey = (id: string) => [...CONTACTS, 'one', id] as const

export const contactQuery = (id: string) =>
  queryOptions({
    queryKey: oneKey(id),
    queryFn: ({ signal }) => get<Contact>(`/contacts/${id}`, undefined, signal),
    staleTime: 0,
  })

/** Conversations of a contact, one for each of our numbers, the most recently active first. */
export const contactConversationsQuery = (id: string) =>
  queryOptions({
    queryKey: [...CONTACTS, 'conversations', id],
    queryFn: ({ signal }) => get<ListPage<ConversationView>>(`/contacts/${id}/conversations`, undefined, signal),
    select: page => page.data,
    staleTime: 0,
  })

export interface ContactChange {
  name?: string | null
  optOut?: boolean
  /** null removes an attribute. */
  attributes?: Record<string, AttributeValue | null>
  labels?: string[]
}

/** Changes a contact; an opt-out is shown at once, and taken back when it fails. */
export function useContactChange() {
  const queries = useQueryClient()
  const put = (id: string, change: (contact: Contact) => Contact) => {
    queries.setQueryData<Contact>(oneKey(id), known => known && change(known))
    queries.setQueriesData<InfiniteData<ListPage<Contact>>>(
      { queryKey: LISTS },
      list =>
        list && {
          ...list,
          pages: list.pages.map(page => ({ ...page, data: page.data.map(row => (row.id === id ? change(row) : row)) })),
        },
    )
  }
  return useMutation({
    mutationFn: ({ id, ...body }: ContactChange & { id: string }) => request<Contact>('PATCH', `/contacts/${id}`, { body }),
    async onMutate({ id, optOut }) {
      await queries.cancelQueries({ queryKey: CONTACTS })
      if (optOut !== undefined) put(id, contact => ({ ...contact, optOut }))
    },
    onSuccess: contact => put(contact.id, () => contact),
    onError: (_error, { id, optOut }) => {
      if (optOut !== undefined) put(id, contact => ({ ...contact, optOut: !optOut }))
    },
    onSettled: () => queries.invalidateQueries({ queryKey: CONTACTS }),
  })
}

/** Any other change of contacts; what is shown is read again after it. */
export function useContactsChange<Input, Output>(change: (input: Input) => Promise<Output>) {
  const queries = useQueryClient()
  return useMutation({ mutationFn: change, onSettled: () => queries.invalidateQueries({ queryKey: CONTACTS }) })
}

export const createContact = ({ key, ...body }: { phone: string; name: string | null; key: string }): Promise<Contact> =>
  request('POST', '/contacts', { body, idempotencyKey: key })

export const moveBlock = ({ id, to }: { id: string; to: 'block' | 'unblock' }): Promise<Contact> =>
  request(to === 'block' ? 'POST' : 'DELETE', `/contacts/${id}/block`)

export interface Erased {
  erased: { messages: number; files: number }
}

export const eraseContact = (id: string): Promise<Erased> => request('DELETE', `/contacts/${id}`)
