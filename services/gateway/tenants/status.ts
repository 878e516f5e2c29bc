import { z } from 'zod'
import { tokenOf } from '#shared/auth/client-tokens.ts'
import { problemSentence, UNREADABLE_TOKEN } from '#shared/domain/numbers/token-health.ts'
import { readSubscription } from '#shared/meta/subscriptions.ts'
import { inspectToken } from '#shared/meta/tokens.ts'
import type { ClientDoc } from '#shared/model/documents.ts'
import { getTenant } from '#shared/store/accounts/tenants.ts'
import { listClients } from '#shared/store/numbers/clients.ts'
import { asTenant } from '#shared/store/tenancy/tenancy.ts'
import { shownPhone } from '#shared/views/views.ts'
import { metaAppOf } from '../config.ts'
import type { GatewayDeps } from '../deps.ts'
import { backlogOfTenant, ClassTotals, totalOf } from '../limits/backlog-routes.ts'

const NumberStatus = z.object({
  id: z.string(),
  phoneNumberId: z.string(),
  wabaId: z.string(),
  whatsappNumber: z.string().nullable(),
  status: z.enum(['active', 'disconnected', 'suspended', 'paused']),
  reason: z.string().nullable(),
  qualityRating: z.string(),
  messagingLimit: z.number().nullable(),
  token: z.object({
    isValid: z.boolean().nullable().describe('As Meta says now; null when it cannot be asked'),
    problem: z.string().nullable(),
    expiresAt: z.iso.datetime().nullable(),
  }),
  subscription: z.object({
    isSubscribed: z
      .boolean()
      .nullable()
      .describe('Whether the account sends its webhooks to our app; null when Meta cannot be asked'),
    overrideUrl: z.string().nullable(),
    problem: z.string().nullable(),
  }),
})
type NumberStatus = z.infer<typeof NumberStatus>

/** State of a tenant's WhatsApp, in part as Meta says at this moment. */
export const TenantStatusView = z.object({
  tenantId: z.string(),
  status: z.enum(['active', 'suspended', 'deactivated']),
  isHealthy: z.boolean().describe('The tenant is active, and each number is active with a valid token and a subscription'),
  numbers: z.array(NumberStatus),
  backlog: ClassTotals,
  checkedAt: z.iso.datetime(),
})

/** Numbers asked about concurrently. */
const AT_ONCE = 4
/** Numbers of a tenant that Meta is asked about; the others show what is stored. */
const MOST_ASKED = 50

/** @throws ApiError 404 */
export async function tenantStatus(deps: GatewayDeps, tenantId: string): Promise<z.infer<typeof TenantStatusView>> {
  const tenant = await getTenant(deps.store, tenantId)
  return await asTenant(tenant._id, async () => {
    const clients = await listClients(deps.store, tenant._id)
    const ask = subscriptionsOf(deps)
    const numbers: NumberStatus[] = []
    for (let i = 0; i < clients.length; i += AT_ONCE)
      numbers.push(
        ...(await Promise.all(
          clients.slice(i, i + AT_ONCE).map((client, k) => numberStatus(deps, client, i + k < MOST_ASKED ? ask : null)),
        )),
      )
    const backlog = await backlogOfTenant(deps, tenantId)
    const isHealthy = tenant.status === 'active' && numbers.length > 0 && numbers.every(isWell)
    const { status } = tenant
    return { tenantId, status, isHealthy, numbers, backlog: totalOf(backlog.numbers), checkedAt: deps.now().toISOString() }
  })
}

const isWell = ({ status, token, subscription }: NumberStatus) =>
  status === 'active' && token.isValid !== false && subscription.isSubscribed !== false

type Ask = (wabaId: string, token: string) => ReturnType<typeof readSubscription>

/** Asks Meta about each account once, however many numbers it has. */
function subscriptionsOf({ meta, config }: GatewayDeps): Ask {
  const asked = new Map<string, ReturnType<typeof readSubscription>>()
  const appId = metaAppOf(config)?.id ?? null
  return (wabaId, token) => {
    const answer = asked.get(wabaId) ?? readSubscription(meta, { wabaId, token, appId })
    asked.set(wabaId, answer)
    return answer
  }
}

async function numberStatus(deps: GatewayDeps, client: ClientDoc, ask: Ask | null): Promise<NumberStatus> {
  return {
    id: String(client._id),
    phoneNumberId: client.phoneNumberId,
    wabaId: client.wabaId,
    whatsappNumber: shownPhone(client.whatsappNumber),
    status: client.status,
    reason: client.statusReason ?? null,
    qualityRating: client.qualityRating,
    messagingLimit: client.messagingLimit ?? null,
    ...(await askMeta(deps, client, ask)),
  }
}

async function askMeta(
  { meta, config, keyring }: GatewayDeps,
  client: ClientDoc,
  ask: Ask | null,
): Promise<Pick<NumberStatus, 'token' | 'subscription'>> {
  const expiresAt = client.tokenExpiry?.toISOString() ?? null
  const unknown = { isSubscribed: null, overrideUrl: null, problem: null }
  if (client.accessToken === null)
    return { token: { isValid: false, problem: 'The number has no access token.', expiresAt }, subscription: unknown }
  if (keyring === null || ask === null)
    return { token: { isValid: client.tokenValid ?? null, problem: null, expiresAt }, subscription: unknown }
  const token = tokenOf(keyring, client)
  if (token === null) return { token: { isValid: false, problem: UNREADABLE_TOKEN, expiresAt }, subscription: unknown }
  const [facts, subscription] = await Promise.all([inspectToken(meta, metaAppOf(config), token), ask(client.wabaId, token)])
  const problem = facts?.isValid === false ? problemSentence(facts.problem) : null
  const end = facts?.isValid ? (facts.expiresAt?.toISOString() ?? null) : expiresAt
  return { token: { isValid: facts?.isValid ?? null, problem, expiresAt: end }, subscription: subscription ?? unknown }
}
