import { z } from 'zod'
import { describeError, type PlatformFailure, platformError } from '#shared/domain/messages/send-errors.ts'
import { route } from '#shared/http/route.ts'
import { type Division, MOST_ROWS, sumCounters } from '#shared/store/analytics/read.ts'
import { findAdHeadlines } from '#shared/store/inbox/conversations.ts'
import type { GatewayDeps } from '../deps.ts'
import { csvOf } from './csv.ts'
import { namesOf } from './names.ts'
import { daysOf, FilterQuery, RangeQuery, type Report, ReportHead, readReport } from './request.ts'
import { keysOf, sumOfTable, type Table, tableOf } from './rows.ts'

const tag = 'analytics'
const action = 'analytics.read'
const path = '/api/v1/analytics'

const count = z.number().int()
const Figures = {
  received: count.describe('Messages of customers'),
  sent: count.describe('Messages that WhatsApp accepted, those that went further included'),
  delivered: count.describe('Messages that reached a phone, read ones included'),
  read: count,
  failed: count,
}
const MessagesRow = z.object({ key: z.string().nullable(), name: z.string().nullable(), ...Figures })
const MessagesReport = z.object({ ...ReportHead, totals: z.object(Figures), data: z.array(MessagesRow) })
type MessagesRow = z.infer<typeof MessagesRow>

const DIVISIONS = {
  day: 'day',
  number: 'clientId',
  template: 'template',
  agent: 'agentId',
  origin: 'origin',
  country: 'country',
  category: 'category',
} as const satisfies Record<string, Division>
const By = z.enum(Object.keys(DIVISIONS) as [keyof typeof DIVISIONS]).default('day')
const MessagesQuery = z.strictObject({ ...FilterQuery, by: By })

const messages = route({
  method: 'get',
  path: `${path}/messages`,
  action,
  tag,
  summary: 'Messages by day, number, template, agent, origin, country or category, with how far they came',
  query: MessagesQuery,
  returns: MessagesReport,
  handle: async (request, deps: GatewayDeps) => ({ body: await messagesReport(request, deps) }),
})

const messagesTable = route({
  method: 'get',
  path: `${path}/messages/export.csv`,
  action,
  tag,
  summary: 'The same as a CSV',
  query: MessagesQuery,
  async handle(request, deps: GatewayDeps) {
    const { data } = await messagesReport(request, deps)
    return csvOf(`messages-by-${request.query.by}`, Object.keys(MessagesRow.shape), data)
  },
})

async function messagesReport(
  request: Parameters<typeof readReport>[0] & { query: z.infer<typeof MessagesQuery> },
  deps: GatewayDeps,
): Promise<z.infer<typeof MessagesReport>> {
  const { by, ...query } = request.query
  const report = await readReport({ ...request, query }, deps)
  const field = DIVISIONS[by]
  const [statuses, received] = await Promise.all([
    table(deps, report, field, { kind: 'OUTBOUND', group: 'status' }),
    table(deps, report, field, { kind: 'INBOUND', group: 'n' }),
  ])
  const keys = by === 'day' ? daysOf(report.range) : keysOf(statuses, received)
  const names = await namesOf(deps, String(report.counters.tenantId), field, keys)
  const rows = keys.map(key => ({ key, name: nameOf(key, names), ...figuresOf(statuses.get(key), received.get(key)) }))
  const data = by === 'day' ? rows : rows.toSorted((a, b) => weight(b) - weight(a)).slice(0, MOST_ROWS)
  return { ...report.head, totals: figuresOf(sumOfTable(statuses), sumOfTable(received)), data }
}

async function table(
  { store }: GatewayDeps,
  { counters, range, filter }: Report,
  field: Division,
  { kind, group }: { kind: 'INBOUND' | 'OUTBOUND'; group: string },
): Promise<Table> {
  return tableOf(await sumCounters(store, counters, range, { kind, group, by: [field], filter }), field)
}

function figuresOf(status: Record<string, number> = {}, received: Record<string, number> = {}) {
  const { SENT = 0, DELIVERED = 0, READ = 0, FAILED = 0 } = status
  return {
    received: received.messages ?? 0,
    sent: SENT + DELIVERED + READ,
    delivered: DELIVERED + READ,
    read: READ,
    failed: FAILED,
  }
}

const weight = ({ received, sent, failed }: MessagesRow) => received + sent + failed
export const nameOf = (key: string | null, names: ReadonlyMap<string, string>): string | null =>
  key === null ? null : (names.get(key) ?? key)

const FailureRow = z.object({
  code: count.nullable().describe("WhatsApp's code; null for a failure that the platform declared"),
  key: z.string().nullable().describe('Name of a failure that the platform declared'),
  title: z.string(),
  sentence: z.string(),
  nextStep: z.string(),
  messages: count,
})
const FailuresReport = z.object({ ...ReportHead, totals: z.object({ messages: count }), data: z.array(FailureRow) })
const FailuresQuery = z.strictObject(FilterQuery)

const failures = route({
  method: 'get',
  path: `${path}/failures`,
  action,
  tag,
  summary: 'Why messages failed: by code, the most frequent first',
  query: FailuresQuery,
  returns: FailuresReport,
  handle: async (request, deps: GatewayDeps) => ({ body: await failuresReport(request, deps) }),
})

const failuresTable = route({
  method: 'get',
  path: `${path}/failures/export.csv`,
  action,
  tag,
  summary: 'The same as a CSV',
  query: FailuresQuery,
  async handle(request, deps: GatewayDeps) {
    return csvOf('failures', Object.keys(FailureRow.shape), (await failuresReport(request, deps)).data)
  },
})

async function failuresReport(
  request: Parameters<typeof readReport>[0],
  deps: GatewayDeps,
): Promise<z.infer<typeof FailuresReport>> {
  const report = await readReport(request, deps)
  const { counters, range, filter, head } = report
  const rows = await sumCounters(deps.store, counters, range, { kind: 'OUTBOUND', group: 'codes', by: [], filter })
  const data = rows
    .map(({ name, value }) => ({ ...failureOf(name), messages: value }))
    .toSorted((a, b) => b.messages - a.messages)
  return { ...head, totals: totalOf(data), data }
}

/** The texts of a failure by the name under which it is counted. */
function failureOf(name: string): Omit<z.infer<typeof FailureRow>, 'messages'> {
  const code = /^-?\d+$/.test(name) ? Number(name) : null
  const { title, sentence, nextStep } =
    code === null && name !== 'unknown' ? platformError(name as PlatformFailure) : describeError({ code })
  return { code, key: code === null ? name : null, title, sentence, nextStep }
}

const HourRow = z.object({
  weekday: count.describe('1 is Monday, 7 Sunday'),
  hour: count.describe("0 to 23, in the account's time zone"),
  messages: count,
})
const HoursReport = z.object({ ...ReportHead, totals: z.object({ messages: count }), data: z.array(HourRow) })
const HoursQuery = z.strictObject(RangeQuery)

const hours = route({
  method: 'get',
  path: `${path}/hours`,
  action,
  tag,
  summary: 'When customers write: messages by weekday and hour; hours without any are left out',
  query: HoursQuery,
  returns: HoursReport,
  handle: async (request, deps: GatewayDeps) => ({ body: await hoursReport(request, deps) }),
})

const hoursTable = route({
  method: 'get',
  path: `${path}/hours/export.csv`,
  action,
  tag,
  summary: 'The same as a CSV',
  query: HoursQuery,
  async handle(request, deps: GatewayDeps) {
    return csvOf('hours', Object.keys(HourRow.shape), (await hoursReport(request, deps)).data)
  },
})

async function hoursReport(request: Parameters<typeof readReport>[0], deps: GatewayDeps): Promise<z.infer<typeof HoursReport>> {
  const { counters, range, filter, head } = await readReport(request, deps)
  const rows = await sumCounters(deps.store, counters, range, { kind: 'INBOUND', group: 'hours', by: ['day'], filter })
  const cells = Map.groupBy(rows, ({ key, name }) => `${weekdayOf(key.day as string)} ${name}`)
  const data = [...cells].map(([at, found]) => {
    const [weekday, hour] = at.split(' ').map(Number) as [number, number]
    return { weekday, hour, messages: found.reduce((sum, { value }) => sum + value, 0) }
  })
  const inOrder = data.toSorted((a, b) => a.weekday - b.weekday || a.hour - b.hour)
  return { ...head, totals: totalOf(data), data: inOrder }
}

const AdRow = z.object({
  adId: z.string().describe("Meta's id of the ad or post"),
  headline: z.string().nullable().describe('Of the ad, as the customer who came last saw it'),
  messages: count.describe('Messages of customers who came from it'),
})
const AdsReport = z.object({ ...ReportHead, totals: z.object({ messages: count }), data: z.array(AdRow) })

const ads = route({
  method: 'get',
  path: `${path}/ads`,
  action,
  tag,
  summary: 'Which ads and posts brought customers: messages by the ad that they came from, the most frequent first',
  query: HoursQuery,
  returns: AdsReport,
  handle: async (request, deps: GatewayDeps) => ({ body: await adsReport(request, deps) }),
})

const adsTable = route({
  method: 'get',
  path: `${path}/ads/export.csv`,
  action,
  tag,
  summary: 'The same as a CSV',
  query: HoursQuery,
  async handle(request, deps: GatewayDeps) {
    return csvOf('ads', Object.keys(AdRow.shape), (await adsReport(request, deps)).data)
  },
})

async function adsReport(request: Parameters<typeof readReport>[0], deps: GatewayDeps): Promise<z.infer<typeof AdsReport>> {
  const { counters, range, filter, head } = await readReport(request, deps)
  const rows = await sumCounters(deps.store, counters, range, { kind: 'INBOUND', group: 'ads', by: [], filter })
  const found = rows.toSorted((a, b) => b.value - a.value).slice(0, MOST_ROWS)
  const ids = found.map(({ name }) => name)
  const headlines = await findAdHeadlines(deps.store, String(counters.tenantId), ids)
  const data = found.map(({ name, value }) => ({ adId: name, headline: headlines.get(name) ?? null, messages: value }))
  return { ...head, totals: totalOf(data), data }
}

const totalOf = (rows: readonly { messages: number }[]) => ({ messages: rows.reduce((sum, row) => sum + row.messages, 0) })

/** 1 is Monday. */
const weekdayOf = (day: string) => new Date(`${day}T00:00:00Z`).getUTCDay() || 7

export const messageReportRoutes = [messagesTable, messages, failuresTable, failures, hoursTable, hours, adsTable, ads]
