import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { ContactView, ConversationView, MessageView, NoteView } from '#shared/contracts/views.ts'
import { get, request } from '../../../lib/api/client.ts'
import type { ListPage } from '../../../lib/api/types.ts'
import { keys } from '../../../lib/data/keys.ts'

/** What is known of a contact beyond what its conversation shows. */
export interface ContactDetail extends ContactView {
  optOutAt: string | null
  attributes: Record<string, unknown>
  labels: string[]
  block: { at: string } | null
  createdAt: string
}

// The page of contacts has the same key, so that a change there is seen here.
const contactKey = (id: string) => ['contacts', 'one', id] as const

export const contactQuery = (id: string) =>
  queryOptions({
    queryKey: contactKey(id),
    queryFn: ({ signal }) => get<ContactDetail>(`/contacts/${id}`, undefined, signal),
    staleTime: 30_000,
  })

export interface ContactEdit {
  name?: string | null
  optOut?: boolean
}

/** Changes a contact. It is shown at once, and shown as it was when the server refuses. */
export function useContactEdit(id: string, onRefused: (error: Error) => void) {
  const queries = useQueryClient()
  const put = (contact: ContactDetail | undefined) => queries.setQueryData(contactKey(id), contact)
  return useMutation({
    mutationFn: (edit: ContactEdit) => request<ContactDetail>('PATCH', `/contacts/${id}`, { body: edit }),
    onMutate: edit => {
      const before = queries.getQueryData<ContactDetail>(contactKey(id))
      if (before) put({ ...before, ...edit })
      return { before }
    },
    onSuccess: contact => {
      put(contact)
      void queries.invalidateQueries({ queryKey: ['contacts', 'list'] })
    },
    onError: (error, _edit, context) => {
      put(context?.before)
      onRefused(error)
    },
  })
}

/** Conversations of a contact, one for each of our numbers, the most recently active first. */
export const conversationsOfQuery = (contactId: string) =>
  queryOptions({
    queryKey: ['contacts', 'conversations', contactId],
    queryFn: ({ signal }) => get<ListPage<ConversationView>>(`/contacts/${contactId}/conversations`, undefined, signal),
    select: page => page.data,
    staleTime: 30_000,
  })

/** What messages to a contact have cost so far; a new message changes it (`useFreshAfter`). */
export const costsQuery = (contactId: string) =>
  queryOptions({
    queryKey: ['contacts', 'costs', contactId],
    queryFn: ({ signal }) =>
      get<{ costs: { currency: string; amount: number }[] }>(`/contacts/${contactId}/costs`, undefined, signal),
    staleTime: 0,
  })

const FILES = 12

/** Files of a contact, the newest first; a new message changes them (`useFreshAfter`). */
export const filesQuery = (contactId: string) =>
  infiniteQueryOptions({
    queryKey: ['contacts', 'files', contactId],
    queryFn: ({ pageParam, signal }) =>
      get<ListPage<MessageView>>(`/contacts/${contactId}/messages`, { media: true, limit: FILES, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    staleTime: 0,
  })

/** Notes about a conversation, the newest first. `note:added` asks again. */
export const notesQuery = (conversationId: string) =>
  queryOptions({
    queryKey: [...keys.notes(conversationId), 'newest'],
    queryFn: ({ signal }) => get<ListPage<NoteView>>(`/conversations/${conversationId}/notes`, { limit: 20 }, signal),
    staleTime: 60_000,
  })

export interface Lead {
  id: string
  name: string
  status: string
  source: string
  pipelineId: string
  stageId: string
}

export interface Pipeline {
  id: string
  name: string
  stages: { id: string; name: string }[]
}

const leadKey = (id: string) => ['leads', 'one', id] as const

export const leadQuery = (id: string) =>
  queryOptions({
    queryKey: leadKey(id),
    queryFn: ({ signal }) => get<Lead>(`/leads/${id}`, undefined, signal),
    staleTime: 30_000,
  })

export const pipelinesQuery = queryOptions({
  queryKey: ['pipelines'],
  queryFn: ({ signal }) => get<ListPage<Pipeline>>('/pipelines', undefined, signal),
  select: page => page.data,
  staleTime: 5 * 60_000,
})

/** Moves a lead to another stage. It is shown at once, and shown as it was when the server refuses. */
export function useStage(leadId: string, onRefused: (error: Error) => void) {
  const queries = useQueryClient()
  const put = (lead: Lead | undefined) => queries.setQueryData(leadKey(leadId), lead)
  return useMutation({
    mutationFn: (stageId: string) => request<Lead>('PATCH', `/leads/${leadId}`, { body: { stageId } }),
    onMutate: stageId => {
      const before = queries.getQueryData<Lead>(leadKey(leadId))
      if (before) put({ ...before, stageId })
      return { before }
    },
    onSuccess: put,
    onError: (error, _stage, context) => {
      put(context?.before)
      onRefused(error)
    },
  })
}

export interface AuditEntry {
  id: string
  at: string
  actor: { kind: 'user' | 'apiKey' | 'system'; name: string | null }
  action: string
  changes: Record<string, { before: unknown; after: unknown }> | null
}

/** What people did with a contact, the newest first. */
export const auditQuery = (contactId: string) =>
  queryOptions({
    queryKey: ['audit', contactId],
    queryFn: ({ signal }) => get<ListPage<AuditEntry>>('/audit-log', { kind: 'contact', objectId: contactId, limit: 10 }, signal),
    select: page => page.data,
    staleTime: 30_000,
  })
