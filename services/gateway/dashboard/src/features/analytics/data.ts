import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import type { ConversationView } from '#shared/contracts/views.ts'
import { get, requestBlob } from '../../lib/api/client.ts'
import type { ListPage } from '../../lib/api/types.ts'
import { saveFile } from '../../lib/data/media.ts'
import type { AnalyticsSearch, CostBy, Days, MessagesBy } from './search.ts'

/** What every report says beside its rows. */
export interface ReportHead extends Days {
  timezone: string
  /** Everything up to then is counted; null while it is counted for the first time. */
  countedAt: string | null
  isRebuilding: boolean
}

export interface Counts {
  received: number
  sent: number
  delivered: number
  read: number
  failed: number
}
interface Named {
  key: string | null
  name: string | null
}
export type MessagesRow = Named & Counts
export type MessagesReport = ReportHead & { totals: Counts; data: MessagesRow[] }

export interface Failure {
  code: number | null
  key: string | null
  title: string
  sentence: string
  nextStep: string
  messages: number
}
export type FailuresReport = ReportHead & { totals: { messages: number }; data: Failure[] }

/** 1 is Monday. */
export interface Hour {
  weekday: number
  hour: number
  messages: number
}
export type HoursReport = ReportHead & { totals: { messages: number }; data: Hour[] }

export interface Ad {
  adId: string
  headline: string | null
  messages: number
}
export type AdsReport = ReportHead & { totals: { messages: number }; data: Ad[] }

export interface Wait {
  count: number
  medianMs: number | null
  p90Ms: number | null
}
export interface Waits {
  first: Wait
  reply: Wait
  resolution: Wait
}
export type TimesRow = Named & Waits
export type TimesReport = ReportHead & { totals: Waits; data: TimesRow[] }

/** Amounts by currency. */
export type Amounts = Record<string, number>
export interface Costs {
  messages: number
  cost: Amounts
  metaCost: Amounts
  unknownRates: number
  reported: number
}
export type CostRow = Named & Costs
export type CostReport = ReportHead & { totals: Costs; bill: { amounts: Amounts; freeReplies: number } | null; data: CostRow[] }

/** A report of the API: its name, and its query. */
export interface Asked {
  report: 'messages' | 'failures' | 'hours' | 'ads' | 'response-times' | 'cost'
  query: Record<string, string | undefined>
}

/** How the reports of this page are narrowed. */
export interface Narrowed {
  days: Partial<Days>
  number?: string | undefined
  agent?: string | undefined
  template?: string | undefined
}

export const narrowedBy = ({ number, agent, template }: AnalyticsSearch, days: Partial<Days>): Narrowed => ({
  ...{ days, number, agent, template },
})

const of = ({ days, number, agent, template }: Narrowed) => ({ ...days, clientId: number, agentId: agent, template })
/** What customers write has neither template nor author. */
const ofCustomers = ({ days, number }: Narrowed) => ({ ...days, clientId: number })
/** Times are not counted by template. */
const ofTimes = ({ days, number, agent }: Narrowed) => ({ ...days, clientId: number, agentId: agent })

export const messagesAsked = (narrowed: Narrowed, by: MessagesBy | 'day'): Asked => ({
  report: 'messages',
  query: { ...of(narrowed), by },
})
export const failuresAsked = (narrowed: Narrowed): Asked => ({ report: 'failures', query: of(narrowed) })
export const hoursAsked = (narrowed: Narrowed): Asked => ({ report: 'hours', query: ofCustomers(narrowed) })
export const adsAsked = (narrowed: Narrowed): Asked => ({ report: 'ads', query: ofCustomers(narrowed) })
export const timesAsked = (narrowed: Narrowed, by: 'day' | 'agent'): Asked => ({
  report: 'response-times',
  query: { ...ofTimes(narrowed), by },
})
export const costAsked = (narrowed: Narrowed, by: CostBy | 'day'): Asked => ({ report: 'cost', query: { ...of(narrowed), by } })

/** A report. The one before stays until it has come. */
export const reportQuery = <Report extends ReportHead>({ report, query }: Asked) =>
  queryOptions({
    queryKey: ['analytics', report, query],
    queryFn: ({ signal }) => get<Report>(`/analytics/${report}`, query, signal),
    placeholderData: keepPreviousData,
    // No event tells of what was counted.
    staleTime: 15_000,
  })

/** Which day it is in the account's time zone: the last day of the report of no other days. */
export const todayQuery = queryOptions({
  ...reportQuery<FailuresReport>({ report: 'failures', query: {} }),
  select: ({ to }) => to,
})

/** Saves a report as a CSV. */
export async function saveReport({ report, query }: Asked): Promise<void> {
  const file = await requestBlob('GET', `/analytics/${report}/export.csv`, { query })
  const { by, from, to } = query
  saveFile(file, `${[report, by && `by-${by}`, from, to].filter(Boolean).join('-')}.csv`)
}

/** Customers who wait for a first answer now: how many, at most 1000, and since when the first of them. */
export const unattendedQuery = (number: string | undefined) =>
  queryOptions({
    queryKey: ['analytics', 'unattended', number],
    queryFn: async ({ signal }) => {
      const query = { sort: 'waiting', unattended: true, limit: 1, clientId: number }
      type Waiting = ListPage<ConversationView> & { unattended: number }
      const { data, unattended } = await get<Waiting>('/conversations', query, signal)
      return { count: unattended, since: data[0]?.waitingSince ?? null }
    },
    staleTime: 0,
    refetchInterval: 60_000,
  })
