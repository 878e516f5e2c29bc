import { tokenOf } from '#shared/auth/client-tokens.ts'
import { ownProblem } from '#shared/domain/onboarding/problems.ts'
import {
  type AppDataKind,
  askApprovedTemplate,
  hasTemplate,
  requestAppData,
  revokeToken,
  subscribedApps,
} from '#shared/meta/onboarding.ts'
import { listClients } from '#shared/store/numbers/clients.ts'
import { hasConnectedSibling } from '#shared/store/numbers/connect-numbers.ts'
import { type DoStep, done, failedCall, numberOf, resultOf, skipped, tokenFor, wabaIdOf } from './step.ts'

const ASKED_BEFORE = 2593107

/** Asks for the contacts or the history of the WhatsApp Business app. Meta answers once to each; it then sends webhooks. */
const requestOf =
  (kind: AppDataKind, key: 'contacts' | 'history'): DoStep =>
  async context => {
    const result = await requestAppData(context.deps.meta, numberOf(context), tokenFor(context), kind)
    if (result.kind === 'ok') return done('Meta sends them by webhooks.')
    if (result.kind === 'refused' && result.error.code === ASKED_BEFORE) return done('They were asked for before.')
    return resultOf(failedCall(key, result))
  }
export const requestContacts = requestOf('smb_app_state_sync', 'contacts')
export const requestHistory = requestOf('history', 'history')

/** Looks for an approved template: without one nobody can be written to first. */
export const lookForTemplate: DoStep = async context => {
  const result = await askApprovedTemplate(context.deps.meta, wabaIdOf(context), tokenFor(context))
  if (result.kind !== 'ok') return resultOf(failedCall('template', result))
  if (hasTemplate(result.data)) return done()
  const problem = ownProblem(
    'The account has no approved template, so nobody can be written to first.',
    'Write a template on the page Templates, or by POST /api/v1/templates, and wait for Meta’s approval.',
  )
  return resultOf({ kind: 'todo', problem })
}

/** Ends the account's webhooks, unless another connected number needs them. What Meta refuses is left: the access is gone then. */
export const unsubscribe: DoStep = async context => {
  const { deps, connection } = context
  const wabaId = wabaIdOf(context)
  const [number] = connection.numbers
  if (number && (await hasConnectedSibling(deps.store, { _id: number.clientId, wabaId })))
    return skipped('Another connected number of the account needs its webhooks.')
  const result = await subscribedApps(deps.meta, 'delete', wabaId, tokenFor(context))
  if (result.kind === 'ok') return done()
  return resultOf(failedCall('unsubscribe', result))
}

/** Gives the token back, unless another number of the tenant uses it. */
export const giveTokenBack: DoStep = async context => {
  const { deps, connection } = context
  const token = tokenFor(context)
  const clients = await listClients(deps.store, connection.tenantId)
  if (clients.some(client => tokenOf(deps.keyring, client) === token))
    return skipped('Another number uses the same access token.')
  if (deps.app === null)
    return skipped('Without META_APP_ID and META_APP_SECRET the token cannot be revoked; it is forgotten here.')
  const result = await revokeToken(deps.meta, deps.app, token)
  return result.kind === 'ok' ? done() : resultOf(failedCall('revoke', result))
}
