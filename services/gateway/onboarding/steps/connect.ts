import { sealAccessToken } from '#shared/auth/client-tokens.ts'
import type { ClientDoc } from '#shared/model/documents.ts'
import { audit } from '#shared/store/accounts/audit.ts'
import { getClient } from '#shared/store/numbers/clients.ts'
import { activateNumber, moveToPresentId } from '#shared/store/numbers/connect-numbers.ts'
import { type DoStep, done, numberOf, resultOf, type StepContext, tokenFor } from './step.ts'

const COEXISTENCE_RATE = 20

/** Makes the number active with its new token. Its history and its settings stay; what waited for it goes out. */
export const connect: DoStep = async context => {
  const { deps, connection } = context
  const { store, events, now, log } = deps
  const { clientId, phoneNumberId } = numberOf(context)
  const { tenantId, actor } = connection
  const client = await getClient(store, tenantId, clientId)
  const hasNewId = client.phoneNumberId !== phoneNumberId
  if (connection.kind === 'check' && client.status === 'active' && !hasNewId) {
    await moveToPresentId(store, client)
    return done()
  }
  const by = actor.kind === 'user' ? actor.id : null
  const change = await activateNumber(
    store,
    { tenantId, clientId, fields: fieldsOf(context, client), by, now: now() },
    async ({ client: after }, session) => {
      const changes = {
        status: { before: client.status, after: after.status },
        ...(hasNewId && { phoneNumberId: { before: client.phoneNumberId, after: after.phoneNumberId } }),
      }
      const object = { kind: 'client', id: String(clientId) }
      await audit(store, { tenantId, actor, action: 'clients.connect', object, changes, ip: null }, { session })
    },
  )
  if (change === null) throw new Error('the number of the connection is gone')
  log.info({ tenantId: String(tenantId), clientId: String(clientId), status: change.client.status }, 'number connected')
  await moveToPresentId(store, change.client)
  void events.publish([change.event], null)
  if (change.client.status === 'active') return done()
  return resultOf({ kind: 'done', note: `The number stays paused: ${change.client.statusReason ?? change.client.pauseReason}` })
}

function fieldsOf(context: StepContext, client: ClientDoc): Partial<ClientDoc> {
  const { deps, connection } = context
  const { phoneNumberId, wabaId, whatsappNumber, verifiedName, coexistence } = numberOf(context)
  const { token, wabas, about } = connection
  const portfolioId = wabas.find(waba => waba.wabaId === wabaId)?.portfolioId ?? client.portfolioId
  return {
    ...about,
    ...{ phoneNumberId, wabaId, whatsappNumber, verifiedName, portfolioId, coexistence },
    ...(coexistence && { throughput: COEXISTENCE_RATE }),
    accessToken: sealAccessToken(deps.keyring, client, tokenFor(context)),
    tokenValid: true,
    tokenExpiry: token?.expiresAt ?? null,
    dataAccessExpiry: token?.dataAccessExpiresAt ?? null,
    tokenScopes: token?.scopes ?? [],
    tokenCheckedAt: deps.now(),
    notices: (client.notices ?? []).filter(({ type }) => !type.startsWith('TOKEN_')),
    nextTemplateSyncAt: null,
  }
}
