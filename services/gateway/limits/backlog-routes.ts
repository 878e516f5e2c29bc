import { z } from 'zod'
import { ApiError } from '#shared/domain/errors.ts'
import { PRIORITIES } from '#shared/domain/messages/priority.ts'
import { callerOf, route } from '#shared/http/route.ts'
import type { ClientDoc, TenantDoc } from '#shared/model/documents.ts'
import { toId } from '#shared/model/ids.ts'
import { getCachedTenant, getTenant } from '#shared/store/accounts/tenants.ts'
import { campaignBacklog, numbersInBacklog } from '#shared/store/dispatch/backlog.ts'
import { listClients } from '#shared/store/numbers/clients.ts'
import { findSendingNumbers } from '#shared/store/numbers/sending-numbers.ts'
import type { GatewayDeps } from '../deps.ts'
import { backlogViews, NumberBacklogView, readBacklog } from './backlog.ts'
import { forecast } from './forecast.ts'
import { usageOf } from './rates.ts'

const ClassTotal = z.object({ waiting: z.number().int(), isExact: z.boolean(), oldestSeconds: z.number().int() })
/** What waits, by priority. */
export const ClassTotals = z.object(Object.fromEntries(PRIORITIES.map(name => [name, ClassTotal])))
const BacklogView = z.object({
  data: z.array(NumberBacklogView),
  total: ClassTotals,
  isWhole: z.boolean().describe('False when more numbers are waiting than are shown (scope all)'),
})

/** Bounds of a platform-wide read: most numbers, and most rows counted for each of them. */
const MOST_NUMBERS = 200
const BOUNDS_OF_MANY = { grouped: 5000, counted: 100_000 }

const read = route({
  method: 'get',
  path: '/api/v1/backlog',
  action: 'limits.read',
  bucket: 'live',
  tag: 'limits',
  summary: 'Get the messages waiting to be sent by number and priority, with reasons, age and remaining time',
  query: z.strictObject({
    scope: z.enum(['tenant', 'all']).default('tenant').describe('`all`: numbers of every tenant, for platform admins only'),
  }),
  returns: BacklogView,
  async handle(request, deps: GatewayDeps) {
    const caller = callerOf(request)
    const isAll = request.query.scope === 'all'
    if (isAll && !caller.may('platform.operations'))
      throw new ApiError(403, 'FORBIDDEN', 'Only a platform admin can see the backlog of all tenants.')
    const { numbers, isWhole } = isAll ? await ofPlatform(deps) : await backlogOfTenant(deps, caller.tenantId)
    const waitingOf = (number: NumberBacklogView) => number.classes.reduce((sum, { waiting }) => sum + waiting, 0)
    return { body: { data: numbers.toSorted((a, b) => waitingOf(b) - waitingOf(a)), total: totalOf(numbers), isWhole } }
  },
})

export const backlogRoutes = [read]

/** Backlog of a tenant, number by number. @throws ApiError 404 */
export async function backlogOfTenant(deps: GatewayDeps, tenantId: string) {
  const { store, now } = deps
  const [tenant, clients] = await Promise.all([getTenant(store, tenantId), listClients(store, tenantId)])
  const usage = await usageOf(deps, tenant, clients)
  const found = await readBacklog(store, clients, await campaignBacklog(store, toId(tenantId)))
  return { numbers: backlogViews(found, forecast(found, tenant, usage), now()), isWhole: true }
}

async function ofPlatform(deps: GatewayDeps) {
  const { store, now } = deps
  const campaigns = await campaignBacklog(store, null)
  const ids = new Set([...(await numbersInBacklog(store)), ...campaigns.map(({ phoneNumberId }) => phoneNumberId)])
  const numbersById = await findSendingNumbers(store, [...ids].slice(0, MOST_NUMBERS))
  const clients = [...new Map([...numbersById.values()].map(client => [String(client._id), client])).values()]
  const byTenant = Map.groupBy(clients, ({ tenantId }) => String(tenantId))
  const owners = new Map(
    await Promise.all([...byTenant].map(async ([tenantId, own]) => [tenantId, await stateOf(deps, tenantId, own)] as const)),
  )
  const found = await readBacklog(store, clients, campaigns, BOUNDS_OF_MANY)
  const numbers = [...Map.groupBy(found, ({ client }) => String(client.tenantId))].flatMap(([tenantId, own]) => {
    const owner = owners.get(tenantId)
    return backlogViews(own, forecast(own, owner?.tenant ?? null, owner?.usage ?? null), now())
  })
  return { numbers, isWhole: ids.size <= MOST_NUMBERS }
}

/** Tenant and use of its limits; both null for a deleted tenant. */
async function stateOf(deps: Pick<GatewayDeps, 'store' | 'redis'>, tenantId: string, own: ClientDoc[]) {
  const tenant: TenantDoc | null = await getCachedTenant(deps.store, tenantId).catch(error => {
    if (error instanceof ApiError) return null
    throw error
  })
  return { tenant, usage: tenant && (await usageOf(deps, tenant, own)) }
}

/** Sums of a backlog by priority. */
export function totalOf(numbers: readonly NumberBacklogView[]): z.infer<typeof BacklogView>['total'] {
  const classes = numbers.flatMap(({ classes }) => classes)
  const total = PRIORITIES.map(name => {
    const own = classes.filter(one => one.class === name)
    return [
      name,
      {
        waiting: own.reduce((sum, { waiting }) => sum + waiting, 0),
        isExact: own.every(({ isExact }) => isExact),
        oldestSeconds: Math.max(0, ...own.map(({ oldestSeconds }) => oldestSeconds)),
      },
    ]
  })
  return Object.fromEntries(total)
}
