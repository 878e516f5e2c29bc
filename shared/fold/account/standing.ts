import { isObject, type Json, oneOrMore, text } from '../../meta/json.ts'
import { type AccountItem, timeOf } from '../../meta/webhook.ts'
import type { ClientDoc, NumberNotice } from '../../model/documents.ts'
import type { Effect } from '../number-effects.ts'

/** Effects of `account_update`: whether the account's numbers may send, and notices for people. */
export function accountEffects(item: AccountItem): Effect[] {
  const { value } = item
  const event = text(value.event) ?? ''
  const gone = DISCONNECTED[event]
  if (gone !== undefined) return [{ topic: 'connection', set: disconnect(gone, item.at) }]
  switch (event) {
    case 'ACCOUNT_RECONNECTED':
      return [{ topic: 'connection', set: reconnect }]
    case 'DISABLED_UPDATE':
      return banEffects(value)
    case 'ACCOUNT_RESTRICTION':
      return restrictionEffects(item)
    case 'ACCOUNT_VIOLATION': {
      const violation = isObject(value.violation_info) ? text(value.violation_info.violation_type) : null
      return [notice(event, 'WARNING', `WhatsApp reported a policy violation: ${violation ?? 'not named'}.`)]
    }
    default:
      return event in INFORMATION ? [notice(event, 'INFORMATIONAL', informationText(event, value))] : []
  }
}

const OFFBOARDED = 'The number left the Cloud API.'
const DISCONNECTED: Record<string, string> = {
  PARTNER_REMOVED: 'The business account is no longer shared with this platform.',
  PARTNER_APP_UNINSTALLED: 'The app was removed from the business account.',
  ACCOUNT_DELETED: 'The business account was deleted.',
  ACCOUNT_OFFBOARDED: OFFBOARDED,
}

const INFORMATION: Record<string, string> = {
  PARTNER_ADDED: 'The business account is shared with this platform',
  PARTNER_APP_INSTALLED: 'The app was added to the business account',
  VERIFIED_ACCOUNT: 'The business account is verified',
  VOLUME_BASED_PRICING_TIER_UPDATE: 'The volume tier of the prices has changed',
  AUTH_INTL_PRICE_ELIGIBILITY_UPDATE: 'The account becomes eligible for international authentication prices',
  BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE: "The country of the business's main location has changed",
  PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE: "The certification of the partner's client has changed",
  AD_ACCOUNT_LINKED: 'An ad account is linked with the business account',
  MM_LITE_TERMS_SIGNED: 'The terms of the Marketing Messages API are signed',
}

/** Notice text of an informational event, with the details that it contains. */
function informationText(event: string, value: Json): string {
  const tier = isObject(value.volume_tier_info) ? value.volume_tier_info : {}
  const details = [value.country, tier.pricing_category, tier.region, tier.tier].flatMap(part => text(part) ?? [])
  return `${INFORMATION[event]}${details.length > 0 ? `: ${details.join(', ')}` : ''}.`
}

export const notice = (type: string, severity: NumberNotice['severity'], message: string): Effect => ({
  topic: `notice:${type}`,
  notice: { type, severity, text: message },
})

export const clearNotice = (type: string): Effect => ({ topic: `notice:${type}`, notice: { type, clear: true } })

const disconnect = (reason: string, at: Date) => (client: ClientDoc) =>
  client.status === 'disconnected'
    ? null
    : {
        status: 'disconnected' as const,
        statusReason: reason,
        pauseReason: null,
        restrictedUntil: null,
        repliesOnly: null,
        disconnectedAt: at,
      }

/** Reconnects only a number that was offboarded: after the other events its token is no longer valid. */
const reconnect = (client: ClientDoc) =>
  client.status === 'disconnected' && client.statusReason === OFFBOARDED && client.accessToken !== null
    ? { status: 'active' as const, statusReason: null, disconnectedAt: null }
    : null

/** Pauses an active number; a number that is paused for another reason stays as it is. */
export const pauseFor =
  (pauseReason: NonNullable<ClientDoc['pauseReason']>, statusReason: string, until: Date | null = null) =>
  (client: ClientDoc) =>
    client.status === 'active' ? { status: 'paused' as const, pauseReason, statusReason, restrictedUntil: until } : null

/** Resumes a number that was paused for its account. @param only restricts it to pauses with this `statusReason` */
export const resumeAccount = (only?: string) => (client: ClientDoc) =>
  client.status === 'paused' && client.pauseReason === 'account' && (only === undefined || client.statusReason === only)
    ? { status: 'active' as const, pauseReason: null, statusReason: null, restrictedUntil: null }
    : null

/** Ends every hold of the account after a successful appeal. */
const reinstate = (client: ClientDoc) => ({ ...resumeAccount()(client), ...(client.repliesOnly && { repliesOnly: null }) })

const RESTRICTION = 'ACCOUNT_RESTRICTION'
const BAN = 'ACCOUNT_BAN'

/** The gravest of the states that an event names: older samples write them as a list. */
function banEffects({ ban_info: info }: Json): Effect[] {
  const states = isObject(info) ? oneOrMore(info.waba_ban_state).flatMap(state => text(state)?.toUpperCase() ?? []) : []
  const day = isObject(info) ? text(info.waba_ban_date) : null
  if (states.includes('DISABLE'))
    return [
      { topic: 'ban', set: pauseFor('account', 'WhatsApp has disabled the business account.') },
      notice(BAN, 'CRITICAL', 'WhatsApp has disabled the business account.'),
    ]
  if (states.includes('SCHEDULE_FOR_DISABLE'))
    return [notice(BAN, 'CRITICAL', `WhatsApp will disable the business account${day ? ` on ${day}` : ''}.`)]
  if (states.includes('REINSTATE')) return [{ topic: 'ban', set: reinstate }, clearNotice(BAN), clearNotice(RESTRICTION)]
  return [notice(BAN, 'WARNING', `WhatsApp changed the state of the business account: ${states.join(', ') || 'not named'}.`)]
}

const BUSINESS_INITIATED = 'RESTRICTED_BIZ_INITIATED_MESSAGING'
const CUSTOMER_INITIATED = 'RESTRICTED_CUSTOMER_INITIATED_MESSAGING'
/** Restrictions that stop messages, as people read them; the others only stop new numbers, calls or templates. */
const STOPS_MESSAGES: Record<string, string> = {
  [BUSINESS_INITIATED]: 'messages that open a conversation',
  [CUSTOMER_INITIATED]: 'answers to customers',
}

interface Restriction {
  type: string
  until: Date | null
}

/**
 * Effects of restrictions. The first violations cost a business the right to write first, later ones also the right to answer;
 * only then is the number paused.
 * @see https://developers.facebook.com/docs/whatsapp/overview/policy-enforcement
 */
function restrictionEffects({ value, receivedAt }: AccountItem): Effect[] {
  const restrictions = oneOrMore(value.restriction_info)
    .filter(isObject)
    .map(info => ({ type: text(info.restriction_type) ?? 'unknown', until: timeUntil(info.expiration, receivedAt) }))
  if (restrictions.length === 0) return []
  const shown = restrictions.map(({ type, until }) => (until ? `${type} until ${until.toISOString()}` : type)).join(', ')
  const restrictionNotice = notice(RESTRICTION, 'CRITICAL', `WhatsApp has restricted the account: ${shown}.`)
  const stopping = restrictions.filter(({ type }) => type in STOPS_MESSAGES)
  if (stopping.length === 0) return [restrictionNotice]
  const until = lastEnd(stopping)
  const reason = reasonOf(stopping, until)
  const set = stopping.some(({ type }) => type === CUSTOMER_INITIATED)
    ? pauseFor('account', reason, until)
    : onlyReplies(reason, until)
  return [{ topic: 'restriction', set }, restrictionNotice]
}

function lastEnd(restrictions: Restriction[]): Date | null {
  const untils = restrictions.map(({ until }) => until)
  return untils.includes(null) ? null : new Date(Math.max(...untils.map(at => at?.getTime() ?? 0)))
}

const reasonOf = (stopping: Restriction[], until: Date | null) =>
  `WhatsApp does not allow the account to send ${stopping.map(({ type }) => STOPS_MESSAGES[type]).join(' and ')}${
    until ? ` until ${until.toISOString().slice(0, 16).replace('T', ' ')} UTC` : ''
  }.`

/** Restricts a number to replies, in addition to any pause. */
const onlyReplies = (reason: string, until: Date | null) => (client: ClientDoc) =>
  client.status === 'disconnected' ? null : { repliesOnly: { reason, until } }

/** Expiry of a restriction; null without one. It lies in the future, so it is not clamped to the arrival. */
const timeUntil = (stamp: unknown, receivedAt: Date) => timeOf(stamp, new Date(8.64e15)) ?? (stamp ? receivedAt : null)
