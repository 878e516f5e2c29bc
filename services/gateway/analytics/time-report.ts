import { z } from 'zod'
import { type Buckets, quantileOf, totalOf } from '#shared/domain/analytics/durations.ts'
import { route } from '#shared/http/route.ts'
import { type Division, MOST_ROWS, sumCounters } from '#shared/store/analytics/read.ts'
import type { GatewayDeps } from '../deps.ts'
import { ObjectIdText } from '../schemas.ts'
import { csvOf } from './csv.ts'
import { nameOf } from './message-report.ts'
import { namesOf } from './names.ts'
import { daysOf, RangeQuery, ReportHead, readReport } from './request.ts'
import { keysOf, sumOfTable, type Table, tableOf } from './rows.ts'

const tag = 'analytics'
const action = 'analytics.read'
const path = '/api/v1/analytics/response-times'

const ms = z.number().int().nullable()
const Times = z.object({
  count: z.number().int(),
  medianMs: ms.describe('Half were faster, within 2 %; null when nothing was counted'),
  p90Ms: ms.describe('Nine in ten were faster, within 2 %'),
})
const Figures = {
  first: Times.describe('Until the answer to a customer whom nobody had answered in the 24 hours before'),
  reply: Times.describe('Until the answer, each time that a customer waited'),
  resolution: Times.describe('From the first message of the customer until the conversation was closed'),
}
const TimesRow = z.object({ key: z.string().nullable(), name: z.string().nullable(), ...Figures })
const TimesReport = z.object({ ...ReportHead, totals: z.object(Figures), data: z.array(TimesRow) })
const DIVISIONS = { day: 'day', number: 'clientId', agent: 'agentId' } as const satisfies Record<string, Division>
const By = z.enum(Object.keys(DIVISIONS) as [keyof typeof DIVISIONS]).default('day')
const Query = z.strictObject({ ...RangeQuery, agentId: ObjectIdText.optional(), by: By })

const times = route({
  method: 'get',
  path,
  action,
  tag,
  summary: 'How long customers wait: median and 90th percentile by day, number or agent, on the day of the answer',
  query: Query,
  returns: TimesReport,
  handle: async (request, deps: GatewayDeps) => ({ body: await timesReport(request, deps) }),
})

const table = route({
  method: 'get',
  path: `${path}/export.csv`,
  action,
  tag,
  summary: 'The same as a CSV',
  query: Query,
  async handle(request, deps: GatewayDeps) {
    const { data } = await timesReport(request, deps)
    return csvOf(`response-times-by-${request.query.by}`, COLUMNS, data.map(flat))
  },
})

export const timeReportRoutes = [table, times]

const GROUPS = ['first', 'reply', 'resolution'] as const
const COLUMNS = ['key', 'name', ...GROUPS.flatMap(group => [`${group}_count`, `${group}_median_s`, `${group}_p90_s`])]

async function timesReport(
  request: Parameters<typeof readReport>[0] & { query: z.infer<typeof Query> },
  deps: GatewayDeps,
): Promise<z.infer<typeof TimesReport>> {
  const { by, ...query } = request.query
  const report = await readReport({ ...request, query }, deps)
  const { counters, range, filter, head } = report
  const field = DIVISIONS[by]
  const read = async (group: string) =>
    tableOf(await sumCounters(deps.store, counters, range, { group, by: [field], filter }), field)
  const tables = await Promise.all(GROUPS.map(read))
  const keys = by === 'day' ? daysOf(range) : keysOf(...tables)
  const names = await namesOf(deps, String(counters.tenantId), field, keys)
  const rows = keys.map(key => ({ key, name: nameOf(key, names), ...figuresOf(tables.map(table => table.get(key) ?? {})) }))
  const data = by === 'day' ? rows : rows.toSorted((a, b) => b.reply.count - a.reply.count).slice(0, MOST_ROWS)
  return { ...head, totals: figuresOf(tables.map((table: Table) => sumOfTable(table))), data }
}

function figuresOf([first = {}, reply = {}, resolution = {}]: Buckets[]) {
  return { first: timesOf(first), reply: timesOf(reply), resolution: timesOf(resolution) }
}

const timesOf = (buckets: Buckets) => ({
  count: totalOf(buckets),
  medianMs: quantileOf(buckets, 0.5),
  p90Ms: quantileOf(buckets, 0.9),
})

function flat({ key, name, ...figures }: z.infer<typeof TimesRow>): Record<string, unknown> {
  const columns = GROUPS.flatMap(group => {
    const { count, medianMs, p90Ms } = figures[group]
    return [
      [`${group}_count`, count],
      [`${group}_median_s`, secondsOf(medianMs)],
      [`${group}_p90_s`, secondsOf(p90Ms)],
    ]
  })
  return { key, name, ...Object.fromEntries(columns) }
}

const secondsOf = (ms: number | null) => ms && Math.round(ms / 100) / 10
