import { z } from 'zod'
import { amountOf } from '#shared/domain/analytics/contribution.ts'
import { freeRepliesOf } from '#shared/domain/analytics/free-replies.ts'
import { ApiError } from '#shared/domain/errors.ts'
import { callerOf, route } from '#shared/http/route.ts'
import { findTenantNames } from '#shared/store/accounts/tenants.ts'
import { type Division, MOST_ROWS, sumByTenant, sumCounters } from '#shared/store/analytics/read.ts'
import { findAnalyticsStates, listAnalyticsTenants } from '#shared/store/analytics/states.ts'
import type { GatewayDeps } from '../deps.ts'
import { csvOf } from './csv.ts'
import { nameOf } from './message-report.ts'
import { namesOf } from './names.ts'
import { daysOf, FilterQuery, type Report, ReportHead, readReport } from './request.ts'
import { keysOf, sumOfTable, type Table, tableOf } from './rows.ts'

const tag = 'analytics'
const action = 'analytics.read'
const path = '/api/v1/analytics/cost'

const count = z.number().int()
const Amounts = z.record(z.string(), z.number()).describe('Amount by currency')
const Figures = {
  messages: count.describe('Messages that were sent'),
  cost: Amounts.describe("By the company's own prices, as expected and charged"),
  metaCost: Amounts.describe('What Meta bills by its rates, before the free replies of each number and month are taken off'),
  unknownRates: count.describe('Messages whose rate at Meta is not known; they are in no sum'),
  reported: count.describe('Messages of which Meta has reported how it bills them; the others are foreseen'),
}
const CostRow = z.object({ key: z.string().nullable(), name: z.string().nullable(), ...Figures })
const CostReport = z.object({
  ...ReportHead,
  totals: z.object(Figures),
  bill: z
    .object({ amounts: Amounts, freeReplies: count })
    .nullable()
    .describe("Meta's bill for the days with the free replies taken off; null where a filter leaves out a part of a number"),
  data: z.array(CostRow),
})
type CostReport = z.infer<typeof CostReport>

const DIVISIONS = {
  day: 'day',
  category: 'category',
  country: 'country',
  template: 'template',
  number: 'clientId',
  agent: 'agentId',
} as const satisfies Record<string, Division>
const By = z
  .enum([...(Object.keys(DIVISIONS) as (keyof typeof DIVISIONS)[]), 'tenant'])
  .default('category')
  .describe('`tenant`: all accounts, for platform admins')
const Query = z.strictObject({ ...FilterQuery, by: By })

const cost = route({
  method: 'get',
  path,
  action,
  tag,
  summary: "Cost by category, country, template, number, agent, day or account: the company's prices beside what Meta bills",
  query: Query,
  returns: CostReport,
  handle: async (request, deps: GatewayDeps) => ({ body: await costReport(request, deps) }),
})

const table = route({
  method: 'get',
  path: `${path}/export.csv`,
  action,
  tag,
  summary: 'The same as a CSV, with two columns for each currency',
  query: Query,
  async handle(request, deps: GatewayDeps) {
    const { data, totals } = await costReport(request, deps)
    const own = Object.keys(totals.cost).toSorted()
    const meta = Object.keys(totals.metaCost).toSorted()
    const rows = data.map(({ cost, metaCost, ...row }) => ({
      ...row,
      ...Object.fromEntries(own.map(currency => [`cost_${currency}`, cost[currency] ?? 0])),
      ...Object.fromEntries(meta.map(currency => [`meta_cost_${currency}`, metaCost[currency] ?? 0])),
    }))
    const columns = [
      ...['key', 'name', 'messages'],
      ...own.map(currency => `cost_${currency}`),
      ...meta.map(currency => `meta_cost_${currency}`),
      ...['unknownRates', 'reported'],
    ]
    return csvOf(`cost-by-${request.query.by}`, columns, rows)
  },
})

export const costReportRoutes = [table, cost]

type CostRequest = Parameters<typeof readReport>[0] & { query: z.infer<typeof Query> }

async function costReport(request: CostRequest, deps: GatewayDeps): Promise<CostReport> {
  const { by, ...query } = request.query
  const report = await readReport({ ...request, query }, deps)
  if (by === 'tenant') return await costByTenant(request, deps, report)
  const { counters, range, filter } = report
  const field = DIVISIONS[by]
  const read = async (group: string) =>
    tableOf(await sumCounters(deps.store, counters, range, { kind: 'OUTBOUND', group, by: [field], filter }), field)
  const tables = { n: await read('n'), status: await read('status'), own: await read('own'), meta: await read('meta') }
  const keys = by === 'day' ? daysOf(range) : keysOf(...Object.values(tables))
  const names = await namesOf(deps, String(counters.tenantId), field, keys)
  const rows = keys.map(key => ({ key, name: nameOf(key, names), ...figuresOf(tables, key) }))
  const data = by === 'day' ? rows : rows.toSorted((a, b) => b.messages - a.messages).slice(0, MOST_ROWS)
  const totals = figuresOf(
    mapped(tables, table => new Map([[null, sumOfTable(table)]])),
    null,
  )
  return { ...report.head, totals, bill: await billOf(deps, report, totals.metaCost), data }
}

interface Tables {
  n: Table
  status: Table
  own: Table
  meta: Table
}

const mapped = ({ n, status, own, meta }: Tables, change: (table: Table) => Table): Tables => ({
  n: change(n),
  status: change(status),
  own: change(own),
  meta: change(meta),
})

function figuresOf({ n, status, own, meta }: Tables, key: string | null) {
  const { SENT = 0, DELIVERED = 0, READ = 0 } = status.get(key) ?? {}
  const { unknownRates = 0, reported = 0 } = n.get(key) ?? {}
  const amounts = (table: Table) => amountsOf(table.get(key) ?? {})
  return { messages: SENT + DELIVERED + READ, cost: amounts(own), metaCost: amounts(meta), unknownRates, reported }
}

const amountsOf = (counted: Record<string, number>): Record<string, number> =>
  Object.fromEntries(Object.entries(counted).map(([currency, amount]) => [currency, amountOf(amount)]))

/** The sum less the free replies, which are counted from the first day of the month on. */
async function billOf(
  { store }: GatewayDeps,
  { counters, range, filter }: Report,
  metaCost: Record<string, number>,
): Promise<CostReport['bill']> {
  const { clientId, ...others } = filter
  if (Object.keys(others).length > 0) return null
  const months = { from: `${range.from.slice(0, 7)}-01`, to: range.to }
  const read = (group: string) =>
    sumCounters(store, counters, months, {
      kind: 'OUTBOUND',
      group,
      by: ['clientId', 'day'],
      filter: clientId ? { clientId } : {},
    })
  const [numbers, amounts] = await Promise.all([read('n'), read('replies')])
  const rows = Map.groupBy([...numbers, ...amounts.map(row => ({ ...row, name: `in ${row.name}` }))], ({ key }) =>
    JSON.stringify([key.clientId, key.day]),
  )
  const days = [...rows].map(([place, found]) => {
    const [clientId, day] = JSON.parse(place) as [string, string]
    const values = Object.fromEntries(found.map(({ name, value }) => [name, value]))
    const money = found.filter(({ name }) => name.startsWith('in ')).map(({ name, value }) => [name.slice(3), value])
    const { replies = 0, freeReplies = 0 } = values
    return { clientId, day, replies, freeReplies, amounts: Object.fromEntries(money) as Record<string, number> }
  })
  const free = freeRepliesOf(days, range.from)
  const left = Object.entries(metaCost).map(([currency, amount]) => [
    currency,
    amountOf(Math.round(amount * 1_000_000) - (free.amounts[currency] ?? 0)),
  ])
  return { amounts: Object.fromEntries(left), freeReplies: free.replies }
}

/** All accounts of the platform. @throws ApiError 403 */
async function costByTenant(request: CostRequest, { store }: GatewayDeps, { range, head }: Report): Promise<CostReport> {
  if (!callerOf(request).may('tenants.any'))
    throw new ApiError(403, 'FORBIDDEN', 'Only platform admins may compare accounts. Choose another division.')
  const tenants = await listAnalyticsTenants(store)
  const states = await findAnalyticsStates(
    store,
    tenants.map(({ _id }) => _id),
  )
  const generations = new Map([...states].map(([id, { generation }]) => [id, generation]))
  const read = async (group: string) => {
    const rows = await sumByTenant(store, generations, range, { kind: 'OUTBOUND', group })
    return tableOf(
      rows.map(({ tenantId, ...row }) => ({ ...row, key: { tenant: tenantId } })),
      'tenant',
    )
  }
  const tables = { n: await read('n'), status: await read('status'), own: await read('own'), meta: await read('meta') }
  const names = await findTenantNames(store, [...generations.keys()])
  const data = keysOf(...Object.values(tables)).map(key => ({ key, name: nameOf(key, names), ...figuresOf(tables, key) }))
  const totals = figuresOf(
    mapped(tables, table => new Map([[null, sumOfTable(table)]])),
    null,
  )
  return { ...head, totals, bill: null, data: data.toSorted((a, b) => b.messages - a.messages).slice(0, MOST_ROWS) }
}
