import { z } from 'zod'
import { ApiError } from '#shared/domain/errors.ts'
import { dayIn } from '#shared/domain/prices/price-table.ts'
import { type Caller, callerOf } from '#shared/http/route.ts'
import { getCachedTenant } from '#shared/store/accounts/tenants.ts'
import type { AnalyticsFilter, AnalyticsRange, Counters } from '#shared/store/analytics/read.ts'
import { findAnalyticsState } from '#shared/store/analytics/states.ts'
import type { GatewayDeps } from '../deps.ts'
import { ObjectIdText } from '../schemas.ts'

/** What all reports have in common: days, filters, and how far the counters have come. */

const Origin = z.enum(['api', 'dashboard', 'campaign', 'phone', 'app', 'automatic'])
const Day = z.iso.date()

export const RangeQuery = {
  from: Day.optional().describe("First day in the account's time zone; 29 days before `to` by default"),
  to: Day.optional().describe('Last day, included; today by default'),
  clientId: ObjectIdText.optional().describe('Only messages of this number'),
}

export const FilterQuery = {
  ...RangeQuery,
  template: z.string().min(1).max(512).optional().describe('Only messages with the template of this name'),
  agentId: ObjectIdText.optional().describe('Only messages that this user wrote'),
  origin: Origin.optional(),
}

const AnyFilter = z.object(FilterQuery)
type ReportQuery = z.infer<typeof AnyFilter>

export const ReportHead = {
  from: z.string(),
  to: z.string(),
  timezone: z.string().describe('In which days begin'),
  countedAt: z.iso
    .datetime()
    .nullable()
    .describe('Everything that happened up to then is counted; null while the counters are built for the first time'),
  isRebuilding: z.boolean().describe('True while new counters are built from the messages; the old ones are shown until then'),
}

export interface Report {
  counters: Counters
  range: AnalyticsRange
  filter: AnalyticsFilter
  head: { from: string; to: string; timezone: string; countedAt: string | null; isRebuilding: boolean }
}

const MOST_DAYS = 400
const DAY_MS = 86_400_000

/** Days and filters of a report, and whose counters it reads. @throws ApiError 422 RANGE_INVALID */
export async function readReport(
  request: { caller: Caller | null; query: Partial<ReportQuery> },
  { store, now }: GatewayDeps,
): Promise<Report> {
  const { tenantId } = callerOf(request)
  const [tenant, state] = await Promise.all([getCachedTenant(store, tenantId), findAnalyticsState(store, tenantId)])
  const { from: first, to: last, ...filter } = request.query
  const { timezone } = tenant.settings
  const to = last ?? dayIn(timezone, now())
  const from = first ?? daysBefore(to, 29)
  const days = (Date.parse(to) - Date.parse(from)) / DAY_MS + 1
  if (days < 1 || days > MOST_DAYS) {
    const message = days < 1 ? '`from` must not be after `to`.' : `A report has at most ${MOST_DAYS} days.`
    throw new ApiError(422, 'RANGE_INVALID', message, { errors: [{ path: 'from', message }] })
  }
  const head = {
    ...{ from, to, timezone: state?.timezone ?? timezone },
    countedAt: state?.countedAt?.toISOString() ?? null,
    isRebuilding: state === null || state.rebuild !== null,
  }
  const given = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined))
  return { counters: { tenantId, generation: state?.generation ?? 0 }, range: { from, to }, filter: given, head }
}

const daysBefore = (day: string, count: number) => new Date(Date.parse(day) - count * DAY_MS).toISOString().slice(0, 10)

/** Every day of a range, in order. */
export function daysOf({ from, to }: AnalyticsRange): string[] {
  const count = (Date.parse(to) - Date.parse(from)) / DAY_MS + 1
  return Array.from({ length: count }, (_, i) => daysBefore(from, -i))
}
