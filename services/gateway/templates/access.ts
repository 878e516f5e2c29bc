import { tokenOf } from '#shared/auth/client-tokens.ts'
import { ApiError } from '#shared/domain/errors.ts'
import type { TemplateAccess } from '#shared/meta/templates.ts'
import type { ClientDoc, TemplateDoc } from '#shared/model/documents.ts'
import { listClients } from '#shared/store/numbers/clients.ts'
import type { GatewayDeps } from '../deps.ts'

type Deps = Pick<GatewayDeps, 'store' | 'keyring'>

/** Access to Meta with the token of this number. @throws ApiError 409 TOKEN_INVALID, 422 NUMBER_NOT_CONNECTED */
export function accessOf({ keyring }: Deps, client: ClientDoc): TemplateAccess {
  if (client.status === 'disconnected' || client.status === 'suspended')
    throw new ApiError(422, 'NUMBER_NOT_CONNECTED', 'This number is not connected to WhatsApp.')
  const token = keyring && tokenOf(keyring, client)
  if (!token) throw new ApiError(409, 'TOKEN_INVALID', 'This number has no usable access token.')
  return { client, token }
}

/** Access to Meta with the token of any number of the template's business account. @throws ApiError 409 NUMBER_NOT_CONNECTED */
export async function accessFor(deps: Deps, { tenantId, wabaId }: TemplateDoc): Promise<TemplateAccess> {
  const access = (await accessesOf(deps, tenantId)).get(wabaId)
  if (access === undefined)
    throw new ApiError(409, 'NUMBER_NOT_CONNECTED', 'No number of this business account is connected to WhatsApp.')
  return access
}

/** One access for each business account (`wabaId`) of a tenant; active numbers are preferred to paused ones. */
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
