import { type NumberCall, SUCCESS } from '../call.ts'
import { isObject, isText, textOf } from '../params.ts'
import type { Simulation } from '../simulation.ts'
import type { Json, PhoneNumber } from '../world/world.ts'
import { GraphError } from './errors.ts'
import { graphTime, select } from './fields.ts'
import { numberHealth } from './health.ts'
import { setPin } from './registration.ts'
import { verifyCallback } from './subscriptions.ts'

const DEFAULT_FIELDS = ['verified_name', 'code_verification_status', 'display_phone_number', 'quality_rating', 'id']
const LIST_FIELDS = [
  'verified_name',
  'code_verification_status',
  'display_phone_number',
  'quality_rating',
  'platform_type',
  'throughput',
  'last_onboarded_time',
  'webhook_configuration',
  'id',
]

/** Messages per second from which the throughput level is HIGH. */
const HIGH_THROUGHPUT = 1000

/** `GET /{phone}`. */
export function getNumber({ sim, number, params, version }: NumberCall): object {
  return select(fieldsOf(sim, number, version), params.fields, DEFAULT_FIELDS)
}

/** One number in `GET /{waba}/phone_numbers`. */
export const numberInList = (sim: Simulation, number: PhoneNumber, fields: unknown, version: number) =>
  select(fieldsOf(sim, number, version), fields, LIST_FIELDS)

/** `POST /{phone}`: a webhook override, or a new PIN. */
export async function postNumber(call: NumberCall): Promise<object> {
  const { params, number } = call
  if (params.pin !== undefined) return setPin(call)
  if (!isObject(params.webhook_configuration)) throw new GraphError(100, { details: 'Nothing to change was given.' })
  const { override_callback_uri: url, verify_token: verifyToken } = params.webhook_configuration
  if (textOf(url) === undefined) {
    number.override = null
    return SUCCESS
  }
  number.override = await verifyCallback(url, verifyToken)
  return SUCCESS
}

function fieldsOf(sim: Simulation, number: PhoneNumber, version: number): Record<string, () => unknown> {
  const waba = sim.world.wabas.get(number.wabaId)
  return {
    id: () => number.id,
    display_phone_number: () => number.display,
    verified_name: () => number.verifiedName,
    status: () => statusOf(number),
    name_status: () => number.nameStatus,
    new_name_status: () => 'NONE',
    quality_rating: () => number.qualityRating,
    quality_score: () => ({ score: number.qualityRating }),
    platform_type: () => (number.state === 'UNREGISTERED' ? 'NOT_APPLICABLE' : 'CLOUD_API'),
    is_on_biz_app: () => number.isOnBizApp,
    is_official_business_account: () => false,
    is_pin_enabled: () => number.pin !== null,
    account_mode: () => (number.allowedRecipients ? 'SANDBOX' : 'LIVE'),
    code_verification_status: () => number.codeVerification,
    throughput: () => ({ level: number.throughput >= HIGH_THROUGHPUT ? 'HIGH' : 'STANDARD' }),
    last_onboarded_time: () => graphTime(number.onboardedAt),
    messaging_limit_tier: () => (version < 24 ? waba?.messagingTier : undefined),
    whatsapp_business_manager_messaging_limit: () => (version >= 24 ? waba?.messagingTier : undefined),
    webhook_configuration: () => webhookConfiguration(sim, number),
    health_status: () => numberHealth(sim, number),
    username: () => number.username?.username,
    conversational_automation: () => (Object.keys(number.automation).length > 0 ? number.automation : undefined),
    certificate: () => 'CmUKIQjW',
    country_dial_code: () => number.digits.slice(0, -9),
    search_visibility: () => 'NON_VISIBLE',
  }
}

function statusOf(number: PhoneNumber): string {
  const status: Partial<Record<PhoneNumber['state'], string>> = {
    UNREGISTERED: 'DISCONNECTED',
    DELETED: 'DELETED',
    SPAM_LIMITED: 'RATE_LIMITED',
    MAINTENANCE: 'PENDING',
  }
  return status[number.state] ?? 'CONNECTED'
}

function webhookConfiguration(sim: Simulation, number: PhoneNumber): Json {
  const waba = sim.world.wabas.get(number.wabaId)
  return {
    ...(number.override && { phone_number: number.override.url }),
    ...(waba?.override && { whatsapp_business_account: waba.override.url }),
    ...(isText(sim.world.app.webhookUrl) && { application: sim.world.app.webhookUrl }),
  }
}

const TAKEN_USERNAMES = new Set(['atlas', 'facebook', 'instagram', 'meta', 'support', 'whatsapp'])

/** `GET /{phone}/username`. */
export const getUsername = ({ number }: NumberCall): object => number.username ?? {}

/** `GET /{phone}/username_suggestions`. */
export function suggestUsernames({ number }: NumberCall): object {
  const base =
    number.verifiedName
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '.')
      .replace(/^\.+|\.+$/g, '')
      .slice(0, 30) || 'business'
  return { data: [{ username_suggestions: [base, `${base}_wa`] }] }
}

/**
 * `POST /{phone}/username`: 3 to 35 letters, digits, dots and underscores, without `www` or an ending such as `.com`, and no dot
 * first, last or doubled. One of another number of the portfolio moves with `force_transfer` only.
 */
export function postUsername({ number, params, sim }: NumberCall): object {
  const username = String(params.username ?? '').toLowerCase()
  const isDomain = /\.(?:com|org|net|int|edu|gov|mil|us|in|html)$/.test(username)
  if (isDomain || !/^(?=.*[a-z])(?!www|\.|.*\.$|.*\.\.)[a-z0-9._]{3,35}$/.test(username)) {
    throw new GraphError(100, { details: 'Param username must be 3 to 35 letters, digits, dots and underscores.' })
  }
  const holder = [...sim.world.numbers.values()].find(other => other !== number && other.username?.username === username)
  if (TAKEN_USERNAMES.has(username)) throw new GraphError(147001)
  if (holder) {
    const portfolioOf = ({ wabaId }: PhoneNumber) => sim.world.wabas.get(wabaId)?.portfolioId
    if (portfolioOf(holder) !== portfolioOf(number)) throw new GraphError(147001)
    if (params.transfer_action !== 'force_transfer') throw new GraphError(147005)
    holder.username = null
    number.username = { username, status: 'reserved' }
    return { status: 'reserved' }
  }
  number.username = { username, status: 'approved' }
  return SUCCESS
}

/** `DELETE /{phone}/username`. */
export function deleteUsername({ number }: NumberCall): object {
  number.username = null
  return SUCCESS
}
