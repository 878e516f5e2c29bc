import type { AuthorizedCall } from '../call.ts'
import { isText } from '../params.ts'
import type { Simulation } from '../simulation.ts'
import type { Waba } from '../world/world.ts'
import { GraphError } from './errors.ts'
import { select } from './fields.ts'
import { wabaHealth } from './health.ts'
import { numberInList } from './numbers.ts'
import { pageOf } from './paging.ts'

const DEFAULT_FIELDS = ['id', 'name', 'timezone_id', 'message_template_namespace']
const LIST_FIELDS = ['id', 'name', 'currency', 'timezone_id', 'message_template_namespace']
const HOUR_MS = 3_600_000
const CALLS_WITH_NUMBER = 5000
const CALLS_WITHOUT = 200

/** `GET /{waba}`. */
export const getWaba = ({ sim, params, version }: AuthorizedCall, waba: Waba): object =>
  select(fieldsOf(sim, waba, version), params.fields, DEFAULT_FIELDS)

/** `GET /{waba}/phone_numbers`: newest first, or oldest first by `sort`. */
export function getPhoneNumbers(call: AuthorizedCall, waba: Waba): object {
  const { sim, params, version } = call
  const numbers = [...sim.world.numbers.values()].filter(({ wabaId, state }) => wabaId === waba.id && state !== 'DELETED')
  numbers.sort((a, b) => b.onboardedAt - a.onboardedAt)
  const { sort } = params
  if (String(isText(sort) ? sort : JSON.stringify(sort ?? '')).includes('last_onboarded_time_ascending')) numbers.reverse()
  if (numbers.length === 0) return { data: [] }
  const { entries, paging } = pageOf(call, numbers, ({ id }) => id)
  return { data: entries.map(number => numberInList(sim, number, params.fields, version)), paging }
}

/** `GET /{portfolio}/client_whatsapp_business_accounts` and `owned_…`: the WABAs to which the token gives access. */
export function getPortfolioWabas(call: AuthorizedCall): object {
  const { sim, token, params, version } = call
  const wabas = [...sim.world.wabas.values()].filter(({ id }) => token.wabaIds === null || token.wabaIds.includes(id))
  const { entries, paging } = pageOf(call, wabas, ({ id }) => id)
  return { data: entries.map(waba => select(fieldsOf(sim, waba, version), params.fields, LIST_FIELDS)), paging }
}

/** `GET /{waba}/assigned_users`. */
export const getAssignedUsers = ({ token }: AuthorizedCall): object => ({
  data: [{ id: token.userId, name: 'Linko Sim System User', tasks: ['MANAGE'] }],
})

/** Counts a management call of a WABA in this hour. @throws GraphError 80007 beyond the limit */
export function countManagementCall(sim: Simulation, wabaId: string): void {
  if (!sim.rules.managementCalls) return
  const hour = Math.floor(sim.now() / HOUR_MS)
  const counted = sim.calls.get(wabaId)
  const count = (counted?.hour === hour ? counted.count : 0) + 1
  sim.calls.set(wabaId, { hour, count })
  if (count <= CALLS_WITHOUT) return
  const isActive = [...sim.world.numbers.values()].some(number => number.wabaId === wabaId && number.state === 'CONNECTED')
  if (count > (isActive ? CALLS_WITH_NUMBER : CALLS_WITHOUT)) throw new GraphError(80007)
}

function fieldsOf(sim: Simulation, waba: Waba, version: number): Record<string, () => unknown> {
  return {
    id: () => waba.id,
    name: () => waba.name,
    timezone_id: () => waba.timezoneId,
    currency: () => waba.currency,
    message_template_namespace: () => waba.namespace,
    account_review_status: () => waba.reviewStatus,
    business_verification_status: () => 'verified',
    country: () => waba.country,
    ownership_type: () => 'CLIENT_OWNED',
    status: () => (waba.state === 'OK' || waba.state === 'NO_PAYMENT' ? 'ACTIVE' : 'RESTRICTED'),
    health_status: () => wabaHealth(sim, waba),
    owner_business_info: () => ({ id: waba.portfolioId, name: waba.name }),
    on_behalf_of_business_info: () => ({ id: waba.portfolioId, name: waba.name, status: 'APPROVED', type: 'SELF' }),
    whatsapp_business_manager_messaging_limit: () => (version >= 24 ? waba.messagingTier : undefined),
    marketing_messages_lite_api_status: () => waba.marketingMessages ?? 'ONBOARDED',
  }
}
