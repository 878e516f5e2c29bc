import { z } from 'zod'
import { LIMIT_FIELDS } from '#shared/domain/accounts/send-limits.ts'
import { callerOf, type RouteRequest, route } from '#shared/http/route.ts'
import type { ClientDoc, TenantDoc } from '#shared/model/documents.ts'
import { toId } from '#shared/model/ids.ts'
import { changesOf } from '#shared/store/accounts/audit.ts'
import { getTenant, limitsAfter } from '#shared/store/accounts/tenants.ts'
import { campaignBacklog } from '#shared/store/dispatch/backlog.ts'
import { getClient, listClients } from '#shared/store/numbers/clients.ts'
import { requireWithin, setNumberRate, setTenantLimits } from '#shared/store/numbers/limits.ts'
import { audited } from '../audit.ts'
import type { GatewayDeps } from '../deps.ts'
import { requireExpected } from '../expected.ts'
import { ObjectIdText } from '../schemas.ts'
import { readBacklog } from './backlog.ts'
import { usageOf } from './rates.ts'
import { rescheduleIfRaised } from './reschedule.ts'
import { LimitsView, limitsView } from './view.ts'
import { WhatIfView, whatIf } from './what-if.ts'

const tag = 'limits'
const path = '/api/v1/limits'

const read = route({
  method: 'get',
  path,
  action: 'limits.read',
  tag,
  summary: 'Get the send limits of the account and of each number with their present use',
  returns: LimitsView,
  handle: async (request, deps: GatewayDeps) => ({ body: await viewFor(deps, callerOf(request).tenantId) }),
})

export const PerMinute = z.number().int().min(1).max(1_000_000).nullable()
export const PerDay = z.number().int().min(1).max(100_000_000).nullable()

const LimitsInput = z.strictObject({
  messagesPerMinute: PerMinute.optional(),
  messagesPerDay: PerDay.optional(),
  numbers: z
    .array(z.strictObject({ id: ObjectIdText, maxPerSecond: z.number().min(0.1).max(1000).nullable() }))
    .max(100)
    .optional(),
})
type LimitsInput = z.infer<typeof LimitsInput>
const ExpectedLimits = LimitsInput.describe(
  'Fields as you read them, of numbers those that change: 409 CHANGED_MEANWHILE when one is another by now',
)

const change = route({
  method: 'put',
  path,
  action: 'limits.write',
  tag,
  summary:
    "Set the account's own limits, within what the platform allows it, and its numbers' rates; null removes a limit, omitted fields keep their value",
  body: LimitsInput.extend({ expected: ExpectedLimits.optional() }),
  returns: LimitsView,
  async handle(request, deps: GatewayDeps) {
    const { tenantId } = callerOf(request)
    const { numbers = [], expected, ...limits } = request.body
    // Every number is looked up before the first change, so that an unknown id changes nothing.
    for (const { id } of numbers) await getClient(deps.store, tenantId, id)
    const tenant = await getTenant(deps.store, tenantId)
    requireWithin(limits, tenant)
    await requireExpectedLimits(deps, expected, tenant)
    if (Object.keys(limits).length > 0) await changeTenant(request, deps, limits)
    for (const number of numbers) await changeNumber(request, deps, number)
    return { body: await viewFor(deps, tenantId) }
  },
})

const preview = route({
  method: 'post',
  path: `${path}/preview`,
  action: 'limits.read',
  bucket: 'read',
  tag,
  summary: 'Preview the effect of a change of limits on the backlog, numbers and campaigns',
  body: LimitsInput,
  returns: WhatIfView,
  async handle(request, deps: GatewayDeps) {
    const { store, now } = deps
    const { tenantId } = callerOf(request)
    const { numbers = [], ...limits } = request.body
    for (const { id } of numbers) await getClient(store, tenantId, id)
    const [tenant, clients] = await Promise.all([getTenant(store, tenantId), listClients(store, tenantId)])
    requireWithin(limits, tenant)
    const usage = await usageOf(deps, tenant, clients)
    const found = await readBacklog(store, clients, await campaignBacklog(store, tenant._id))
    const change = { ...limits, numbers: new Map(numbers.map(({ id, maxPerSecond }) => [id, maxPerSecond])) }
    return { body: whatIf(found, tenant, change, usage, now()) }
  },
})

export const limitRoutes = [read, change, preview]

async function viewFor(deps: GatewayDeps, tenantId: string): Promise<LimitsView> {
  const { store, now } = deps
  const [tenant, clients] = await Promise.all([getTenant(store, tenantId), listClients(store, tenantId)])
  return limitsView(tenant, clients, await usageOf(deps, tenant, clients), now())
}

type AnyRequest = RouteRequest<unknown, unknown, unknown>

/** @throws ApiError 409 CHANGED_MEANWHILE */
async function requireExpectedLimits(deps: GatewayDeps, expected: LimitsInput | undefined, tenant: TenantDoc): Promise<void> {
  const own = limitsAfter(tenant, {}, {}).ownLimits
  const named = new Set(expected?.numbers?.map(({ id }) => id))
  const clients = named.size === 0 ? [] : await listClients(deps.store, tenant._id)
  const numbers = clients.map(({ _id, maxPerSecond }) => ({ id: String(_id), maxPerSecond: maxPerSecond ?? null }))
  const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1)
  const wanted = expected && { ...expected, ...(expected.numbers && { numbers: expected.numbers.toSorted(byId) }) }
  const view = {
    messagesPerMinute: own?.messagesPerMinute ?? null,
    messagesPerDay: own?.messagesPerDay ?? null,
    numbers: numbers.filter(({ id }) => named.has(id)).toSorted(byId),
  }
  await requireExpected<LimitsInput>(deps, wanted, { tenantId: tenant._id, view, updatedBy: tenant.updatedBy })
}

async function changeTenant(request: AnyRequest, deps: GatewayDeps, input: Omit<LimitsInput, 'numbers'>): Promise<void> {
  const { id, tenantId } = callerOf(request)
  const object = { kind: 'tenant', id: tenantId }
  const entry = audited<TenantDoc>(request, deps, ({ limits }) => ({
    action: 'limits.write',
    object,
    changes: changesOf(limits ?? {}, { ...limits, ...input }, LIMIT_FIELDS),
  }))
  const before = await setTenantLimits(deps.store, tenantId, input, toId(id), entry)
  rescheduleIfRaised(deps, before, limitsAfter(before, input, {}).limits)
}

async function changeNumber(
  request: AnyRequest,
  deps: GatewayDeps,
  { id, maxPerSecond }: { id: string; maxPerSecond: number | null },
): Promise<void> {
  const caller = callerOf(request)
  const by = toId(caller.id)
  const entry = audited<ClientDoc>(request, deps, before => ({
    action: 'limits.write',
    object: { kind: 'client', id },
    changes: changesOf(before, { maxPerSecond }, ['maxPerSecond']),
  }))
  await setNumberRate(deps.store, { tenantId: caller.tenantId, clientId: id, maxPerSecond, by }, entry)
}
