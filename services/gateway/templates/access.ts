import { tokenOf } from '#shared/auth/client-tokens.ts'
import { ApiError } from '#shared/domain/errors.ts'
import type { TemplateAccess } from '#shared/meta/templates.ts'
import type { ClientDoc, TemplateDoc } from '#shared/model/documents.ts'
import { listClients } from '#shared/store/numbers/clients.ts'
import type { GatewayDeps } from '../deps.ts'

type Deps = Pick<GatewayDeps, 'store' | 'keyring'>

/** The right to ask Meta with this number's token. @throws ApiError 409, 422 */
export function accessOf({ keyring }: Deps, client: ClientDoc): TemplateAccess {
  if (client.status === 'disconnected' || client.status === 'suspended')
    throw new ApiError(422, 'NUMBER_NOT_CONNECTED', 'This number is not connected')
  const token = keyring && tokenOf(keyring, client)
  if (!token) throw new ApiError(409, 'TOKEN_INVALID', 'This number has no access token that can be used')
  return { client, token }
}

/** The right to ask Meta with the token of any number of the template's account. @throws ApiError 409 */
export async function accessFor(deps: Deps, { tenantId, wabaId }: TemplateDoc): Promise<TemplateAccess> {
  const access = (await accessesOf(deps, tenantId)).get(wabaId)
  if (access === undefined) throw new ApiError(409, 'NUMBER_NOT_CONNECTED', 'No number of this business account is connected')
  return access
}

/** One access for each business account of a tenant, by its id; numbers that send come first. */
export async function accessesOf(
  { store, keyring }: Deps,
  tenantId: TemplateDoc['tenantId'] | string,
): Promise<Map<string, TemplateAccess>> {
  const accesses = new Map<string, TemplateAccess>()
  const clients = await listClients(store, tenantId)
  for (const client of clients.toSorted((a, b) => Number(b.status === 'active') - Number(a.status === 'active'))) {
    const isUsable = client.status === 'active' || client.status === 'paused'
    const token = isUsable && keyring ? tokenOf(keyring, client) : null
    if (token && !accesses.has(client.wabaId)) accesses.set(client.wabaId, { client, token })
  }
  return accesses
}
