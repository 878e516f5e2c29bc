import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { MessageTimelineView } from '#shared/contracts/timeline.ts'
import type { MessageView } from '#shared/contracts/views.ts'
import { get, getBlob, request } from '../../lib/api/client.ts'
import type { ListPage } from '../../lib/api/types.ts'
import { saveFile } from '../../lib/data/media.ts'
import type { EventState, JobState } from './search.ts'

export interface Overview {
  at: string
  servers: Record<'mongodb' | 'rabbitmq' | 'redis', boolean>
  services: Service[]
  queues: { name: string; messages: number | null; consumers: number | null }[]
  /** Null while the database is away. */
  roads: {
    in: { perMinute: number; lastAt: string | null; lateMs: number | null }
    out: { perMinute: number; lastAt: string | null }
  } | null
  /** How Meta has answered sends in the last minutes; null without one. */
  meta: { calls: number; unanswered: number; p95Ms: number; isSlow: boolean } | null
}

/** A process that has reported within a day. */
export interface Service {
  service: string
  version: string
  startedAt: string
  seenAt: string
  isAlive: boolean
  isReady: boolean
  parts: Record<string, boolean>
}

/** What waits at a number, by priority. */
export interface NumberBacklog {
  clientId: string
  whatsappNumber: string | null
  status: string
  pauseReason: string | null
  messagesPerSecond: number
  classes: {
    class: 'chat' | 'campaign'
    waiting: number
    isExact: boolean
    reasons: Record<string, number>
    oldestSeconds: number
    secondsLeft: number | null
  }[]
}

export interface WebhookEvent {
  id: string
  receivedAt: string
  eventType: 'message' | 'status' | 'error' | 'account'
  field: string
  status: EventState
  processingError: string | null
  attempts: number
  processedAt: string | null
}

export interface LetterGroup {
  source: string
  cause: string
  count: number
  firstAt: string
  lastAt: string
  exampleId: string
}

export interface Letter {
  id: string
  source: string
  queue: string
  cause: string
  reason: string
  attempts: number
  state: 'NEW' | 'REPLAYING' | 'REPLAYED' | 'DISCARDED'
  edited: boolean
  createdAt: string
}

export interface LetterDetail extends Letter {
  error: string | null
  payload: string
  history: { at: string; action: 'replayed' | 'returned' | 'discarded'; by: { name: string }; detail: string | null }[]
}

export interface Replay {
  dryRun: boolean
  data: { id: string; outcome: Outcome; reason: string | null }[]
  changes: { kind?: string; action?: string; id?: string | null }[]
  events: Record<string, number>
}
export type Outcome = 'replayed' | 'unchanged' | 'refused' | 'processed' | 'ignored' | 'parked' | 'failed'

export interface Job {
  id: string
  type: 'PROCESS_WEBHOOK' | 'SEND_MESSAGE' | 'SEND_MESSAGE_TEMPLATE' | 'SYNC_TEMPLATES'
  status: JobState
  attempts: number
  error: string | null
  createdAt: string
}

export interface AuditEntry {
  id: string
  at: string
  actor: { kind: 'user' | 'apiKey' | 'system'; id: string | null; name: string | null }
  action: string
  object: { kind: string; id: string }
  changes: Record<string, { before: unknown; after: unknown }>
}

const KEY = ['operations'] as const
const PAGE = 50
/** Period of what is shown live; nobody tells the page of it. */
const EVERY_MS = 1000

const live = (isPaused: boolean) => ({ staleTime: 0, refetchInterval: isPaused ? (false as const) : EVERY_MS })

export const overviewQuery = (isPaused: boolean) =>
  queryOptions({
    queryKey: [...KEY, 'overview'],
    queryFn: ({ signal }) => get<Overview>('/operations/overview', undefined, signal),
    ...live(isPaused),
  })

export const backlogQuery = (isPaused: boolean) =>
  queryOptions({
    queryKey: [...KEY, 'backlog'],
    queryFn: ({ signal }) => get<{ data: NumberBacklog[] }>('/backlog', undefined, signal),
    select: page => page.data,
    ...live(isPaused),
  })

const pages = <Row>(name: string, path: string, filters: Record<string, string | undefined>) =>
  infiniteQueryOptions({
    queryKey: [...KEY, name, filters],
    queryFn: ({ pageParam, signal }) =>
      get<ListPage<Row>>(path, { ...filters, limit: PAGE, ...(pageParam && { cursor: pageParam }) }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    staleTime: 0,
  })

export const eventsQuery = (status: EventState | undefined) => pages<WebhookEvent>('events', '/webhook-events', { status })
export const lettersQuery = (cause: string) => pages<Letter>('letters', '/dead-letters', { cause })
export const jobsQuery = (status: JobState | undefined) => pages<Job>('jobs', '/jobs', { status })
export const auditQuery = pages<AuditEntry>('audit', '/audit-log', {})

export const eventQuery = (id: string) =>
  queryOptions({
    queryKey: [...KEY, 'event', id],
    queryFn: ({ signal }) =>
      get<WebhookEvent & { payload: object }>(`/webhook-events/${encodeURIComponent(id)}`, undefined, signal),
    staleTime: 0,
  })

export const groupsQuery = queryOptions({
  queryKey: [...KEY, 'groups'],
  queryFn: ({ signal }) => get<{ data: LetterGroup[] }>('/dead-letters/groups', undefined, signal),
  select: page => page.data,
  ...live(false),
})

export const letterQuery = (id: string) =>
  queryOptions({
    queryKey: [...KEY, 'letter', id],
    queryFn: ({ signal }) => get<LetterDetail>(`/dead-letters/${id}`, undefined, signal),
    staleTime: 0,
  })

const ID = /^[0-9a-f]{24}$/

/** Messages with this id, ours or WhatsApp's. */
export const foundQuery = (q: string) =>
  queryOptions({
    queryKey: [...KEY, 'find', q],
    queryFn: async ({ signal }): Promise<MessageView[]> => {
      if (ID.test(q)) return [await get<MessageView>(`/messages/by-id/${q}`, undefined, signal)]
      const query = q.startsWith('wamid.') ? { wamid: q } : { q }
      return (await get<ListPage<MessageView>>('/messages', { ...query, limit: 20 }, signal)).data
    },
    staleTime: 0,
  })

export const timelineQuery = (id: string) =>
  queryOptions({
    queryKey: [...KEY, 'timeline', id],
    queryFn: ({ signal }) => get<MessageTimelineView>(`/messages/by-id/${id}/timeline`, undefined, signal),
    staleTime: 0,
  })

/** A replay or a discard; what is shown is read again after it, not after a trial. */
export function useOperation<Input, Output>(work: (input: Input) => Promise<Output>) {
  const queries = useQueryClient()
  return useMutation({ mutationFn: work, onSettled: () => queries.invalidateQueries({ queryKey: KEY }) })
}

export const replayEvent = ({ id, dryRun }: { id: string; dryRun: boolean }): Promise<Replay> =>
  request('POST', `/webhook-events/${encodeURIComponent(id)}/replay`, { body: { dryRun } })

export const replayLetter = ({ id, ...body }: { id: string; dryRun: boolean; payload?: string }): Promise<Replay> =>
  request('POST', `/dead-letters/${id}/replay`, { body })

export const discardLetter = ({ id, reason }: { id: string; reason: string }): Promise<LetterDetail> =>
  request('POST', `/dead-letters/${id}/discard`, { body: { reason } })

type RunPage = { data: { outcome?: Outcome }[]; hasMore: boolean; nextCursor: string | null }

/** All open dead letters of a cause, page by page. @param onProgress hears how many are done @returns how many there were */
export async function runAll(
  { cause, ...how }: { cause: string; what: 'replay' } | { cause: string; what: 'discard'; reason: string },
  onProgress: (done: number) => void,
): Promise<number> {
  let [done, cursor] = [0, null as string | null]
  for (;;) {
    const body = { cause, ...(how.what === 'discard' && { reason: how.reason }), ...(cursor && { cursor }) }
    const page: RunPage = await request('POST', `/dead-letters/${how.what}`, { body })
    done += page.data.length
    onProgress(done)
    if (!page.hasMore || page.nextCursor === null) return done
    cursor = page.nextCursor
  }
}

export const saveAudit = async (): Promise<void> => saveFile(await getBlob('/audit-log/export.csv'), 'audit-log.csv')
