import { findUserNames } from '#shared/store/accounts/users.ts'
import type { Division } from '#shared/store/analytics/read.ts'
import { listClients } from '#shared/store/numbers/clients.ts'
import type { GatewayDeps } from '../deps.ts'

/** Names of what a report is divided by, where they are not the keys: numbers and people. */
export async function namesOf(
  { store }: GatewayDeps,
  tenantId: string,
  field: Division,
  keys: readonly (string | null)[],
): Promise<ReadonlyMap<string, string>> {
  const ids = keys.filter(key => key !== null)
  if (field === 'agentId') return await findUserNames(store, tenantId, ids)
  if (field !== 'clientId') return new Map()
  const clients = await listClients(store, tenantId)
  return new Map(
    clients.map(({ _id, companyName, whatsappNumber }) => [String(_id), companyName || whatsappNumber || String(_id)]),
  )
}
