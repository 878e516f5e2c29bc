import { type ReferenceData, wabaOf } from '../fold/context.ts'
import { isPausing } from '../fold/number-pauses.ts'
import type { WebhookItem } from '../meta/webhook.ts'
import type { ClientDoc, Id, PipelineDoc, TenantDoc } from '../model/documents.ts'
import { newId } from '../model/ids.ts'
import { getCachedTenant } from '../store/accounts/tenants.ts'
import type { Store } from '../store/connect.ts'
import { ensureDefaultPipeline } from '../store/contacts/pipelines.ts'
import { findByPhoneNumberIds } from '../store/numbers/clients.ts'
import { orOutage } from '../store/outage.ts'
import { perStore } from '../store/per-store.ts'
import { findClientsOfAccounts } from '../store/recording/load.ts'
import { asTenant } from '../store/tenancy/tenancy.ts'

/** Reads the numbers, tenants and pipelines that items refer to. They change rarely and are cached for seconds. @throws Outage */
export async function readReferenceData(store: Store, items: readonly WebhookItem[]): Promise<ReferenceData> {
  const numbers = new Set<string>()
  const wabas = new Set<string>()
  for (const item of items) {
    const wabaId = item.phoneNumberId === null ? wabaOf(item) : null
    if (item.phoneNumberId !== null) numbers.add(item.phoneNumberId)
    if (wabaId !== null) wabas.add(wabaId)
  }
  const clients = await orOutage(findByPhoneNumberIds(store, numbers))
  for (const item of items) if (isPausing(item)) for (const wabaId of wabaIdOf(clients, item)) wabas.add(wabaId)
  const accounts = await findClientsOfAccounts(store, [...wabas])
  const tenants = new Map<string, TenantDoc>()
  const pipelines = new Map<string, PipelineDoc>()
  for (const tenantId of tenantIdsOf([...clients.values(), ...[...accounts.values()].flat()])) {
    const tenant = await orOutage(getCachedTenant(store, tenantId))
    tenants.set(String(tenantId), tenant)
    if (tenant.settings.leadsEnabled) pipelines.set(String(tenantId), await pipelineOf(store, tenantId))
  }
  return { clients, accounts, tenants, pipelines, newId: () => newId() }
}

/** Business account of a number that the item may pause, to be read without the cache. */
function wabaIdOf(clients: Map<string, ClientDoc>, { phoneNumberId }: WebhookItem): string[] {
  const client = phoneNumberId === null ? undefined : clients.get(phoneNumberId)
  return client ? [client.wabaId] : []
}

const tenantIdsOf = (clients: ClientDoc[]): Id[] => [
  ...new Map(clients.map(client => [client.tenantId.toHexString(), client.tenantId])).values(),
]

const pipelinesOf = perStore(() => new Map<string, PipelineDoc>())

/** Default pipeline of a tenant. It hardly ever changes, so it is cached for the life of the process. */
async function pipelineOf(store: Store, tenantId: Id): Promise<PipelineDoc> {
  const mine = pipelinesOf(store)
  const pipeline =
    mine.get(String(tenantId)) ?? (await orOutage(asTenant(tenantId, () => ensureDefaultPipeline(store, tenantId))))
  mine.set(String(tenantId), pipeline)
  return pipeline
}
