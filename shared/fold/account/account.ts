import { isObject, listOf, unlisted } from '../../meta/json.ts'
import { besideOf, keysOf, type Person, personOf } from '../../meta/people.ts'
import { type AccountItem, timeOf } from '../../meta/webhook.ts'
import type { ClientDoc } from '../../model/documents.ts'
import type { FoldContext } from '../context.ts'
import { isOfErased } from '../erased.ts'
import { foldHistory } from '../history.ts'
import { prefer, resolveContact } from '../identity.ts'
import { applyEffects, type Effect } from '../number-effects.ts'
import { foldPhoneBook } from '../phone-book.ts'
import { foldHandover } from '../routing/handovers.ts'
import { type State, touchConversations } from '../state.ts'
import { foldUserIdUpdate } from '../system.ts'
import { ignored, PROCESSED, type Verdict } from '../verdict.ts'
import { foldGroups } from './groups.ts'
import {
  alertEffects,
  capabilityEffects,
  clientsNamedBy,
  detectionEffects,
  errorEffects,
  errorsOf,
  nameEffects,
  qualityEffects,
  reviewEffects,
  securityEffects,
  usernameEffects,
} from './numbers.ts'
import { accountEffects } from './standing.ts'
import { foldTemplate, isTemplateField } from './templates.ts'

const EFFECTS: Record<string, (item: AccountItem) => Effect[]> = {
  account_update: accountEffects,
  account_alerts: alertEffects,
  account_review_update: reviewEffects,
  business_capability_update: capabilityEffects,
  business_username_update: usernameEffects,
  business_username_updates: usernameEffects,
  phone_number_name_update: nameEffects,
  phone_number_quality_update: qualityEffects,
  security: securityEffects,
  template_correct_category_detection: detectionEffects,
}

/** Applies fields about the number, the account and its templates. An unknown field is stored and has no effect. */
export function foldAccount(state: State, context: FoldContext, clients: ClientDoc[], given: AccountItem): Verdict {
  const item = { ...given, value: unlisted(given.value) }
  const effects = Object.hasOwn(EFFECTS, item.field) ? EFFECTS[item.field] : undefined
  if (effects) return applyEffects(state, context, clientsNamedBy(clients, item), item, effects(item))
  if (isTemplateField(item.field, item.value)) return foldTemplate(state, context, clients, item)
  switch (item.field) {
    case 'user_preferences':
      return foldPreferences(state, context, clients, item)
    case 'smb_app_state_sync':
      return foldPhoneBook(state, context, clients, item)
    case 'history':
      return foldHistory(state, context, clients, item)
    case 'messaging_handovers':
      return foldHandover(state, context, clients, item)
    case 'user_id_update':
      return foldUserIdUpdate(state, context, clients, item)
    default:
      if (item.field.startsWith('group_')) return foldGroups(state, clients, item)
      if (Array.isArray(item.value.statuses)) return ignored('a report about something else than a message')
      if (errorsOf(item).length > 0) return applyEffects(state, context, clients, item, errorEffects(errorsOf(item), item.at))
      return ignored('field without effect')
  }
}

/** Applies marketing preferences; the newest one of a person counts, in any order of arrival. */
function foldPreferences(state: State, context: FoldContext, clients: ClientDoc[], item: AccountItem): Verdict {
  const [client] = clients
  const preferences = preferencesOf(item)
  if (client === undefined || preferences.length === 0) return ignored('no known preference')
  let hidesPayload = false
  for (const { person, optOut, at } of preferences) {
    if (isOfErased(state, client.tenantId, person, { at, receivedAt: item.receivedAt })) {
      hidesPayload = true
      continue
    }
    const contact = resolveContact(state, context, client, person)
    if (contact === null || !prefer(state, contact, { optOut, optOutAt: at, optOutSource: 'whatsapp' })) continue
    touchConversations(state, contact.doc._id, item.eventId)
  }
  return hidesPayload ? { ...PROCESSED, hidesPayload } : PROCESSED
}

export function preferencesOf(item: AccountItem): { person: Person; optOut: boolean; at: Date }[] {
  const all = listOf(item.value.user_preferences)
    .filter(isObject)
    .map(preference => ({ preference, keys: keysOf(preference.wa_id, preference.user_id, preference.parent_user_id) }))
  const beside = besideOf(
    item.value.contacts,
    all.map(({ keys }) => keys),
  )
  return all
    .filter(
      ({ preference }) => preference.category === 'marketing_messages' && ['stop', 'resume'].includes(String(preference.value)),
    )
    .map(({ preference, keys }) => ({
      person: personOf(keys, beside),
      optOut: preference.value === 'stop',
      at: timeOf(preference.timestamp, item.receivedAt) ?? item.at,
    }))
}
