import type { ClientDoc, Id } from '../../model/documents.ts'
import { type Store, trusted } from '../connect.ts'
import { acrossTenants } from '../tenancy/tenancy.ts'

/** Every id that Meta has given the number: the present one first. Webhooks and messages may still name an earlier one. */
export const metaIdsOf = ({ phoneNumberId, formerPhoneNumberIds = [] }: WithMetaIds): string[] => [
  phoneNumberId,
  ...formerPhoneNumberIds,
]
type WithMetaIds = Pick<ClientDoc, 'phoneNumberId' | 'formerPhoneNumberIds'>

/**
 * The numbers of all tenants that have or had these ids, by the id that was asked for. Whoever has an id now comes before those who
 * had it. Unknown ids are left out.
 */
export async function readByMetaIds({ models: { clients } }: Store, ids: readonly string[]): Promise<Map<string, ClientDoc>> {
  if (ids.length === 0) return new Map()
  const present = await acrossTenants(() =>
    clients.find({ phoneNumberId: trusted({ $in: [...ids] }), deletedAt: null }).lean<ClientDoc[]>(),
  )
  const found = new Map(present.map(client => [client.phoneNumberId, client]))
  const left = ids.filter(id => !found.has(id))
  if (left.length === 0) return found
  const former = await acrossTenants(() =>
    clients
      .find({ formerPhoneNumberIds: trusted({ $in: left }), deletedAt: null })
      .sort({ connectedAt: 1 })
      .lean<ClientDoc[]>(),
  )
  for (const client of former) for (const id of client.formerPhoneNumberIds ?? []) if (left.includes(id)) found.set(id, client)
  return found
}

/** Every id that a number of the tenant has or had. Numbers that were taken out of the lists are among them. */
export async function allMetaIds({ models: { clients } }: Store, tenantId: Id | string): Promise<string[]> {
  const [present, former] = await Promise.all([
    clients.distinct('phoneNumberId', { tenantId }),
    clients.distinct('formerPhoneNumberIds', { tenantId }),
  ])
  return [...new Set([...present, ...former])].filter(id => typeof id === 'string')
}
