import { infiniteQueryOptions, queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { get, request } from '../../lib/api/client.ts'
import type { ListPage } from '../../lib/api/types.ts'
import { keys } from '../../lib/data/keys.ts'
import { useMay } from '../../lib/session/rights.ts'
import type { Component, SampleVariable } from '../../lib/templates/sample-text.ts'
import type { Category, TemplateState } from './search.ts'

/** A template with what Meta says of it. */
export interface Template {
  id: string
  name: string
  /** WhatsApp's code: fr, en_US. */
  language: string
  category: Category
  status: TemplateState
  /** Meta's word or sentence for the status. */
  reason: string | null
  components: Component[]
  /** This cannot be changed. */
  parameterFormat: 'POSITIONAL' | 'NAMED'
  variables: SampleVariable[]
  /** Whether WhatsApp has it. REGISTERED: known only here. UNKNOWN: not confirmed yet. */
  submission: 'SUBMITTED' | 'UNKNOWN' | 'UNSUBMITTED' | 'REGISTERED'
  submissionDetail: string | null
  quality: string
  categoryChange: { to: string; at: string } | null
  /** Time from which WhatsApp takes another edit of an approved one; null: any time. */
  nextEditAt: string | null
  usageCount: number
  lastUsedAt: string | null
}

/** A reading of all templates from WhatsApp. */
export interface Sync {
  id: string
  status: 'PENDING' | 'RUNNING' | 'DONE' | 'FAILED'
  error: string | null
  updatedAt: string
}

const PAGE = 100
const SYNC = ['template-sync'] as const
/** While a sync runs, it is asked for; no event tells of its end. */
const RUNNING_MS = 2000

export const templatesQuery = (filters: { status?: TemplateState | undefined; category?: Category | undefined }) =>
  infiniteQueryOptions({
    queryKey: [...keys.templates, 'list', filters],
    queryFn: ({ pageParam, signal }) =>
      get<ListPage<Template>>('/templates', { ...filters, limit: PAGE, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    // An event tells of a status, and of nothing else that may have changed.
    staleTime: 0,
  })

export const templateQuery = (id: string) =>
  queryOptions({
    queryKey: [...keys.templates, 'one', id],
    queryFn: ({ signal }) => get<Template>(`/templates/${id}`, undefined, signal),
    staleTime: 0,
  })

const isRunning = (sync: Sync | null | undefined): boolean => sync?.status === 'PENDING' || sync?.status === 'RUNNING'

/** The newest sync, and how a new one is started. When one has ended, templates are read again. */
export function useSync() {
  const queries = useQueryClient()
  const mayRead = useMay('jobs.read')
  const { data: last = null } = useQuery({
    queryKey: SYNC,
    queryFn: async ({ signal }) => {
      const { data } = await get<ListPage<Sync>>('/jobs', { type: 'SYNC_TEMPLATES', limit: 1 }, signal)
      return data[0] ?? null
    },
    enabled: mayRead,
    refetchInterval: ({ state: { data } }) => (isRunning(data) ? RUNNING_MS : false),
    staleTime: 0,
  })
  const running = isRunning(last)
  const wasRunning = useRef(running)
  useEffect(() => {
    if (wasRunning.current && !running) void queries.invalidateQueries({ queryKey: keys.templates })
    wasRunning.current = running
  }, [running, queries])
  const start = useMutation({
    mutationFn: () => request<Sync>('POST', '/templates/sync'),
    onSuccess: sync => queries.setQueryData(SYNC, sync),
  })
  return { last, running: running || start.isPending, start: start.mutate }
}
