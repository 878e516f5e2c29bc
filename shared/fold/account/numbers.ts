import { type DescribedError, describeError, pauseReason, SPAM_LIMIT } from '../../domain/messages/send-errors.ts'
import { isObject, type Json, listOf, text } from '../../meta/json.ts'
import type { AccountItem } from '../../meta/webhook.ts'
import type { ClientDoc, NumberNotice } from '../../model/documents.ts'
import type { Effect } from '../number-effects.ts'
import { clearNotice, notice, pauseFor, resumeAccount } from './standing.ts'

/** Messages a second of a number with upgraded throughput. */
const HIGH_THROUGHPUT = 1000
const UNLIMITED = new Set(['TIER_UNLIMITED', '-1'])

const REJECTED = 'NAME_REJECTED'

export function nameEffects({ value }: AccountItem): Effect[] {
  const name = text(value.requested_verified_name)
  switch (value.decision) {
    case 'APPROVED':
      return name === null ? [] : [{ topic: 'name', set: () => ({ verifiedName: name }) }, clearNotice(REJECTED)]
    case 'REJECTED':
      return [
        notice(
          REJECTED,
          'WARNING',
          `WhatsApp refused the name “${name ?? ''}”: ${text(value.rejection_reason) ?? 'no reason given'}.`,
        ),
      ]
    default:
      return [notice(REJECTED, 'INFORMATIONAL', `WhatsApp is reviewing the name “${name ?? ''}”.`)]
  }
}

/** Effects on throughput, limit and notices. The webhook does not contain the quality rating itself. */
export function qualityEffects({ value }: AccountItem): Effect[] {
  const tier = text(value.max_daily_conversations_per_business) ?? text(value.current_limit)
  const effects = limitEffects(tier)
  if (value.event === 'THROUGHPUT_UPGRADE') effects.push({ topic: 'throughput', set: () => ({ throughput: HIGH_THROUGHPUT }) })
  if (value.event === 'FLAGGED') effects.push(notice('QUALITY', 'WARNING', 'WhatsApp has flagged the number for low quality.'))
  if (value.event === 'UNFLAGGED') effects.push(clearNotice('QUALITY'))
  return effects
}

export function capabilityEffects({ value }: AccountItem): Effect[] {
  const tier = text(value.max_daily_conversations_per_business) ?? text(value.max_daily_conversation_per_phone)
  const numbers = Number(text(value.max_phone_numbers_per_waba) ?? text(value.max_phone_numbers_per_business) ?? Number.NaN)
  const effects = limitEffects(tier)
  if (Number.isInteger(numbers)) effects.push({ topic: 'numbers', set: () => ({ maxPhoneNumbers: numbers }) })
  return effects
}

function limitEffects(tier: string | null): Effect[] {
  const limit = tier === null ? undefined : limitOf(tier)
  return limit === undefined ? [] : [{ topic: 'limit', set: () => ({ messagingLimit: limit }) }]
}

/** Messaging limit from `TIER_250`, `TIER_1K`, `TIER_UNLIMITED` or a number. Null: unlimited; undefined: not a limit. */
function limitOf(tier: string): number | null | undefined {
  if (UNLIMITED.has(tier)) return null
  const match = /^(?:TIER_)?(\d+)(K?)$/.exec(tier)
  return match ? Number(match[1]) * (match[2] ? 1000 : 1) : undefined
}

const REVIEWS = new Set(['APPROVED', 'REJECTED', 'PENDING', 'DEFERRED'])
const REVIEW_REJECTED = 'WhatsApp has rejected the business account.'

/**
 * Effects of an account review. A rejected account is paused, because it cannot even send replies; an approved one is resumed
 * if the rejection had paused it. A pending or deferred review pauses nothing: Meta reports each refusal itself.
 * @see https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/account_review_update
 */
export function reviewEffects({ value }: AccountItem): Effect[] {
  const decision = text(value.decision)
  if (decision === null || !REVIEWS.has(decision)) return []
  const accountReview = decision as NonNullable<ClientDoc['accountReview']>
  const change = { REJECTED: pauseFor('account', REVIEW_REJECTED), APPROVED: resumeAccount(REVIEW_REJECTED) }[decision]
  return [{ topic: 'review', set: client => ({ accountReview, ...change?.(client) }) }]
}

const SECURITY: Record<string, [NumberNotice['severity'], string]> = {
  PIN_CHANGED: ['WARNING', 'The PIN for two-step verification was changed.'],
  PIN_RESET_REQUEST: ['WARNING', 'Somebody asked to turn off two-step verification.'],
  PIN_REQUEST_SUCCESS: ['WARNING', 'Two-step verification was turned off.'],
  PIN_RESET_SUCCESS: ['WARNING', 'Two-step verification was turned off.'],
}

export function securityEffects({ value }: AccountItem): Effect[] {
  const warning = SECURITY[text(value.event) ?? '']
  return warning === undefined ? [] : [notice('TWO_STEP_PIN', ...warning)]
}

const SEVERITIES = new Set(['CRITICAL', 'WARNING', 'INFORMATIONAL'])

export function alertEffects({ value }: AccountItem): Effect[] {
  const info = isObject(value.alert_info) ? value.alert_info : {}
  const type = text(info.alert_type)
  if (type === null) return []
  if (info.alert_status === 'NONE') return [clearNotice(type)]
  const severity = text(info.alert_severity) ?? ''
  const known = SEVERITIES.has(severity) ? (severity as NumberNotice['severity']) : 'INFORMATIONAL'
  return [notice(type, known, text(info.alert_description) ?? type)]
}

export function usernameEffects({ value }: AccountItem): Effect[] {
  const username = value.status === 'deleted' ? null : (text(value.username)?.replace(/^@/, '') ?? null)
  return [{ topic: 'username', set: () => ({ username }) }]
}

/** Notice about a template that Meta made of a message without one, and whose content is of another category. */
export function detectionEffects({ value }: AccountItem): Effect[] {
  const [name, asked, read] = [value.message_template_name, value.category, value.correct_category].map(text)
  if (!read || read === asked) return []
  const about = `WhatsApp reads the content of ${name ?? 'a generated template'} as ${read}, not as ${asked ?? 'another category'}.`
  return [notice('TEMPLATE_CATEGORY', 'WARNING', `${about} It restricts accounts that go on sending under the wrong category.`)]
}

/** Effects of errors that belong to no message (system, app, account). An error that would stop every send pauses the number. */
export function errorEffects(errors: unknown[], at: Date): Effect[] {
  return errors.filter(isObject).flatMap(error => {
    const code = Number(text(error.code) ?? Number.NaN)
    if (!Number.isInteger(code)) return []
    const described = describeError({ code, title: text(error.title), detail: detailOf(error) })
    const stops = described.class === 'PAUSE'
    const errorNotice = notice(
      `ERROR_${code}`,
      stops ? 'CRITICAL' : 'WARNING',
      described.known ? described.sentence : (described.detail ?? described.title),
    )
    return stops ? [{ topic: 'error', set: holdEffect(described, at) }, errorNotice] : [errorNotice]
  })
}

/** Hold for an error: the spam limit holds campaigns only and lets replies go on; every other error pauses the number. */
function holdEffect(error: DescribedError, at: Date): NonNullable<Effect['set']> {
  if (error.code !== SPAM_LIMIT) return pauseFor(pauseReason(error), error.sentence)
  return () => ({ campaignsHeldUntil: new Date(at.getTime() + (error.waitS ?? 3600) * 1000) })
}

const detailOf = (error: Json) =>
  (isObject(error.error_data) ? text(error.error_data.details) : null) ?? text(error.details) ?? text(error.message)

/** Numbers that a field names, by id or by display number in any format; all of them when it names none. */
export function clientsNamedBy(clients: ClientDoc[], { value }: AccountItem): ClientDoc[] {
  if (value.entity_type === 'PHONE_NUMBER') return clients.filter(({ phoneNumberId }) => phoneNumberId === text(value.entity_id))
  const shown = text(value.display_phone_number) ?? text(value.phone_number)
  if (shown === null) return clients
  const digits = shown.replace(/\D/g, '')
  return clients.filter(client => client.whatsappNumber.replace(/\D/g, '') === digits)
}

export const errorsOf = ({ value }: AccountItem): unknown[] => listOf(value.errors)
