import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { SentenceKey } from '#shared/domain/sentence.ts'
import { get, getBlob, request } from '../../lib/api/client.ts'
import type { ListPage } from '../../lib/api/types.ts'
import { keys } from '../../lib/data/keys.ts'
import { saveFile } from '../../lib/data/media.ts'
import type { CampaignState, RecipientFilter } from './search.ts'

/** A campaign as the pages show it. `counts` lag by a second or a few. */
export interface Campaign {
  id: string
  name: string
  clientId: string
  template: { id: string; name: string; language: string; category: string }
  columns: Columns
  variables: Record<string, string>
  perMinute: number | null
  status: CampaignState
  statusReason: string | null
  statusReasonKey: SentenceKey | null
  startAt: string | null
  endsAt: string | null
  startedAt: string | null
  endedAt: string | null
  audience: Audience
  counts: Counts
  createdAt: string
  updatedAt: string
}

/** Columns of the audience by what they hold. */
export interface Columns {
  to: string
  name: string | null
  headerMedia: string | null
  variables: Record<string, string>
}

export interface Audience {
  kind: 'csv' | 'json' | 'contacts' | 'failed' | null
  state: 'EMPTY' | 'CHECKING' | 'READY' | 'FAILED'
  problem: string | null
  problemKey: SentenceKey | null
  rows: number
  recipients: number
  invalid: number
  duplicate: number
  optedOut: number
}

export interface Counts {
  recipients: number
  pending: number
  skipped: number
  queued: number
  sent: number
  delivered: number
  read: number
  failed: number
  replied?: number
}

export interface Estimate {
  recipients: number
  left: { invalid: number; duplicate: number; optedOut: number }
  cost: {
    amount: number
    currency: string
    parts: { category: string; country: string; count: number; amount: number }[]
  }
  metaCost: { amount: number; currency: string; unknown: number }
  messagesPerSecond: number
  durationSeconds: number
  ahead: number
  aheadElsewhere: number
  startsAt: string
  finishesAt: string
  messagingLimit: { limit: number; used: number | null; share: number; exceeded: boolean } | null
}

export interface Recipient {
  row: number
  to: string
  name: string | null
  variables: Record<string, string>
  state: 'PENDING' | 'SKIPPED' | 'QUEUED' | 'SENT' | 'DELIVERED' | 'READ' | 'FAILED'
  reason: 'invalid' | 'duplicate' | 'opted-out' | 'template' | null
  detail: string | null
  detailKeys: SentenceKey[]
  error: { key: string | null; code: number | null; title: string; sentence: string; nextStep: string } | null
  at: string | null
}

export interface Failure {
  key: string | null
  code: number | null
  title: string
  sentence: string
  nextStep: string
  count: number
}

/** A template as far as a campaign needs it. */
export interface Template {
  id: string
  name: string
  language: string
  category: string
  variables: { name: string; position: number; component: string; example: string | null }[]
  components: { type?: unknown; format?: unknown }[]
}

/** A column of a file with values of its first rows. */
export interface FileColumn {
  name: string
  samples: string[]
}

const PAGE = 25
/** While a campaign runs its recipients and failures are asked for at this period; its counts come by events. */
const ROWS_MS = 5000
const CHECKING_MS = 1000

export const campaignsQuery = (status: CampaignState | undefined) =>
  infiniteQueryOptions({
    queryKey: [...keys.campaigns, 'list', status ?? null],
    queryFn: ({ pageParam, signal }) => get<ListPage<Campaign>>('/campaigns', { status, limit: PAGE, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    staleTime: 0,
  })

/** One campaign. Events tell of its progress; the check of an audience is asked for. */
export const campaignQuery = (id: string) =>
  queryOptions({
    queryKey: [...keys.campaigns, 'one', id],
    queryFn: ({ signal }) => get<Campaign>(`/campaigns/${id}`, undefined, signal),
    staleTime: 0,
    refetchInterval: ({ state: { data } }) =>
      data?.audience.state === 'CHECKING' ? CHECKING_MS : data?.status === 'RUNNING' ? ROWS_MS : false,
  })

/** Estimate of a checked draft, at the limits and beside the campaigns of now. */
export const estimateQuery = ({ id, updatedAt }: Campaign) =>
  queryOptions({
    queryKey: ['campaign-estimate', id, updatedAt],
    queryFn: ({ signal }) => request<Estimate>('POST', `/campaigns/${id}/estimate`, { signal }),
    staleTime: 0,
  })

const everyMs = ({ status }: Campaign) => (status === 'RUNNING' ? ROWS_MS : (false as const))

export const recipientsQuery = (campaign: Campaign, state: RecipientFilter | undefined) =>
  infiniteQueryOptions({
    queryKey: ['campaign-recipients', campaign.id, state ?? null, campaign.status],
    queryFn: ({ pageParam, signal }) =>
      get<ListPage<Recipient>>(`/campaigns/${campaign.id}/recipients`, { state, limit: PAGE, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    staleTime: 0,
    refetchInterval: everyMs(campaign),
  })

export const failuresQuery = (campaign: Campaign) =>
  queryOptions({
    queryKey: ['campaign-failures', campaign.id, campaign.status],
    queryFn: ({ signal }) => get<{ data: Failure[] }>(`/campaigns/${campaign.id}/failures`, undefined, signal),
    select: page => page.data,
    staleTime: 0,
    refetchInterval: everyMs(campaign),
  })

/** Templates that may be sent. */
export const approvedQuery = queryOptions({
  queryKey: [...keys.templates, 'approved'],
  queryFn: ({ signal }) => get<ListPage<Template>>('/templates', { status: 'APPROVED', limit: 100 }, signal),
  select: page => page.data,
})

export const templateQuery = (id: string) =>
  queryOptions({
    queryKey: [...keys.templates, 'one', id],
    queryFn: ({ signal }) => get<Template>(`/templates/${id}`, undefined, signal),
  })

export interface FilledTemplate {
  header: string | null
  text: string | null
  footer: string | null
  buttons: { type: string; text: string | null }[]
}

/** A template with values, as its reader sees it. */
export const filledQuery = (templateId: string, variables: Record<string, string>, headerMedia?: { link: string }) =>
  queryOptions({
    queryKey: [...keys.templates, 'filled', templateId, variables, headerMedia ?? null],
    queryFn: ({ signal }) =>
      request<FilledTemplate>('POST', `/templates/${templateId}/preview`, {
        body: { variables, ...(headerMedia && { headerMedia }) },
        signal,
      }),
  })

/** A change of campaigns; what it answers is shown at once, and everything is read again after it. */
export function useCampaignChange<Input, Output extends Campaign | undefined>(change: (input: Input) => Promise<Output>) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: change,
    onSuccess: campaign => {
      if (campaign) queries.setQueryData(campaignQuery(campaign.id).queryKey, campaign)
    },
    onSettled: () => queries.invalidateQueries({ queryKey: keys.campaigns }),
  })
}

export interface Draft {
  name: string
  clientId?: string
  templateId: string
  variables?: Record<string, string>
  headerMedia?: { link: string }
}

export const createDraft = ({ key, ...body }: Draft & { key: string }): Promise<Campaign> =>
  request('POST', '/campaigns', { body, idempotencyKey: key })

export interface CampaignChange {
  columns?: { to?: string; name?: string; headerMedia?: string; variables?: Record<string, string> }
  variables?: Record<string, string>
  perMinute?: number | null
  endsAt?: string | null
}

export const changeDraft = ({ id, ...body }: CampaignChange & { id: string }): Promise<Campaign> =>
  request('PATCH', `/campaigns/${id}`, { body })

export const deleteDraft = (id: string): Promise<undefined> => request('DELETE', `/campaigns/${id}`)

/** What a system calls the type of a CSV differs. */
const asCsv = (file: Blob) => new Blob([file], { type: 'text/csv' })
/** As much of a file as the server reads its columns from. */
const HEAD_BYTES = 256 * 1024

export const columnsOfFile = (file: File): Promise<{ columns: FileColumn[] }> =>
  request('POST', '/campaigns/columns', { file: asCsv(file.slice(0, HEAD_BYTES)) })

/** What the rows of an audience are read by. */
export interface Mapping {
  columns: Columns
  /** Values that are the same for everybody. */
  variables: Record<string, string>
}

/** Says how the rows are read first, so that the file is checked once. */
export async function giveFile({ id, file, columns, variables }: Mapping & { id: string; file: File }): Promise<Campaign> {
  const { to, name, headerMedia, variables: own } = columns
  const named = { to, variables: own, ...(name && { name }), ...(headerMedia && { headerMedia }) }
  await changeDraft({ id, columns: named, variables })
  return await request<Campaign>('PUT', `/campaigns/${id}/audience`, { file: asCsv(file) })
}

/** As `giveFile`, for contacts. @param label null: all of them */
export async function giveContacts({ id, label, columns, variables }: Mapping & { id: string; label: string | null }) {
  await changeDraft({ id, columns: { to: 'phone', name: 'name', variables: columns.variables }, variables })
  return await request<Campaign>('POST', `/campaigns/${id}/audience`, { body: { contacts: label ? { label } : {} } })
}

export interface Start {
  id: string
  startAt?: string
  expectedRecipients: number
}

export const startCampaign = ({ id, ...body }: Start): Promise<Campaign> => request('POST', `/campaigns/${id}/start`, { body })

export type Move = 'pause' | 'resume' | 'cancel'

export const moveCampaign = ({ id, to }: { id: string; to: Move }): Promise<Campaign> =>
  request('POST', `/campaigns/${id}/${to}`, { body: {} })

/** A draft for those who got nothing, for the given reasons or all. */
export const rerunCampaign = ({ id, codes, key }: { id: string; codes?: number[]; key: string }): Promise<Campaign> =>
  request('POST', `/campaigns/${id}/rerun`, { body: codes ? { codes } : {}, idempotencyKey: key })

/** Saves the rows that got nothing, or all. */
export async function saveReport({ id, which }: { id: string; which: 'failures' | 'report' }): Promise<void> {
  saveFile(await getBlob(`/campaigns/${id}/${which}.csv`), `${which}-${id}.csv`)
}
